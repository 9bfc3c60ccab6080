using System.Text.Json.Serialization.Metadata;
using Fanout.Client.Commands;
using Fanout.Client.Diagnostics;
using Fanout.Client.Serialization;
using Fanout.Client.Wire;
using Fanout.Shared.Protocol;

namespace Fanout.Client;

/// <content>Requests to back ends behind the node.</content>
public sealed partial class FanoutClient
{
    /// <summary>Asks a back end behind the node. Never sent twice.</summary>
    /// <param name="method">1 to 128 characters; the operator's settings say which back end answers it.</param>
    /// <param name="timeout">Default: <see cref="FanoutClientOptions.RequestTimeout"/>; the time without a connection counts.</param>
    /// <exception cref="FanoutException">
    /// What the node or the back end says, such as <c>method_not_found</c> or <c>upstream_failed</c>; <c>timeout</c>; <c>connection_lost</c>
    /// where the connection ended before the answer: it may have happened.
    /// </exception>
    public async Task<FanoutPayload> RequestAsync(
        string method, FanoutPayload payload, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (method.Length is 0 or > ProtocolLimits.MaxMethodLength)
            throw new FanoutException(FanoutErrorCodes.BadMessage, "A method has 1 to 128 characters.");
        var bytes = payload.In(_settings.Options.Format).ToWire();
        using var activity = ClientActivity.StartRequest(method);
        var traceparent = ClientActivity.Current;
        try
        {
            var answer = await _commands.CallAsync(
                method, id => Frames.Request(_settings.Format, id, method, traceparent, bytes), Resend.Never, timeout, cancellationToken);
            return FanoutPayload.Of(answer.Payload);
        }
        catch (Exception e)
        {
            ClientActivity.Failed(activity, e);
            throw;
        }
    }

    /// <inheritdoc cref="RequestAsync(string, FanoutPayload, TimeSpan?, CancellationToken)"/>
    public Task<TResponse> RequestAsync<TRequest, TResponse>(
        string method, TRequest payload, JsonTypeInfo<TRequest> requestInfo, JsonTypeInfo<TResponse> responseInfo, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        RequestAsync(method, payload, new JsonTypeInfoSerializer<TRequest>(requestInfo), new JsonTypeInfoSerializer<TResponse>(responseInfo), timeout, cancellationToken);

    /// <summary>As the other; payloads by <see cref="FanoutClientOptions.Json"/>.</summary>
    /// <inheritdoc cref="RequestAsync(string, FanoutPayload, TimeSpan?, CancellationToken)"/>
    public Task<TResponse> RequestAsync<TRequest, TResponse>(
        string method, TRequest payload, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        RequestAsync(method, payload, SerializerFor<TRequest>(), SerializerFor<TResponse>(), timeout, cancellationToken);

    private async Task<TResponse> RequestAsync<TRequest, TResponse>(
        string method, TRequest payload, IFanoutSerializer<TRequest> request, IFanoutSerializer<TResponse> response, TimeSpan? timeout,
        CancellationToken cancellationToken)
    {
        var answer = await RequestAsync(method, request.ToPayload(payload, _settings.Options.Format), timeout, cancellationToken);
        try
        {
            return response.Read(answer.Bytes, answer.Format);
        }
        catch (Exception e)
        {
            throw new FanoutException(FanoutErrorCodes.BadMessage, $"The answer to '{method}' is no {typeof(TResponse).Name}.", e);
        }
    }
}
