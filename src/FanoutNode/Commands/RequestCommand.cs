using System.Buffers;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Rpc;
using Fanout.Shared.Envelopes;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Commands;

/// <summary><c>request</c>: a client's question to a back end of the operator. The answer comes when the back end has answered; nobody waits for it.</summary>
internal sealed partial class RequestCommand(RpcMethods methods, RpcOptions options, TraceSampling sampling, FanoutMetrics metrics, ILogger<RequestCommand> logger)
{
    // The client's own answers make room; some of them come within this.
    private const long RetryWhenFullMs = 250;

    public void Run(Session session, in ClientMessage message)
    {
        if (!MembershipCommands.CheckId(session, message))
            return;
        var connection = session.Connection;
        if (message.Method is null)
        {
            Refuse(connection, message, ErrorCode.BadMessage, "'method' is missing");
        }
        else if (methods.Find(message.Method) is not { } method)
        {
            Refuse(connection, message, ErrorCode.MethodNotFound, "no back end is configured for this method");
        }
        else if (RpcMethods.Refusal(method, message.Method, connection.Principal) is { } refusal)
        {
            Refuse(connection, message, ErrorCode.Forbidden, refusal);
        }
        else if (!TryReadPayload(connection.Format, message.Payload, out var payload, out var problem))
        {
            Refuse(connection, message, ErrorCode.BadMessage, $"'payload': {problem}");
        }
        else if (!session.TryBeginRequest(options.MaxPerConnection))
        {
            metrics.Limited("requests_per_connection");
            connection.Answer(new ErrorMessage(
                message.Id, null, ErrorCode.RateLimited, $"a connection may have {options.MaxPerConnection} requests under way", RetryWhenFullMs));
        }
        else
        {
            var request = new RpcRequest(Guid.CreateVersion7().ToString(), message.Method, connection.ClientId, connection.Principal, payload, sampling.OfClientRequest(message.TraceParent));
            _ = AnswerAsync(session, message.Id!, method, request);
        }
    }

    private async Task AnswerAsync(Session session, string id, RpcMethod method, RpcRequest request)
    {
        var connection = session.Connection;
        try
        {
            var result = await method.CallAsync(request);
            if (result.Outcome == RpcOutcome.Answered)
                connection.Answer(new ResponseMessage(id, new Payload(WireFormat.Json, result.Payload)), instead: TooLarge(id));
            else
                connection.Answer(new ErrorMessage(id, null, result.Code, result.Message, result.RetryAfterMs));
            if (result.Outcome == RpcOutcome.Full)
                metrics.Limited("requests_per_method");
        }
        catch (Exception e)
        {
            LogFailed(logger, e, connection.ClientId);
            connection.Answer(new ErrorMessage(id, null, ErrorCode.Internal, "the request failed; it has been logged"));
        }
        finally
        {
            // Behind the answer: a drain that sees none under way may close.
            session.EndRequest();
        }
    }

    // One large answer to a slow reader would end the connection, and with it the answers to everything else that it has asked.
    private static ErrorMessage TooLarge(string id) => new(
        id, null, ErrorCode.TooLarge, "the back end answered, but its answer has no room behind what waits for this connection already");

    private static bool TryReadPayload(WireFormat format, ReadOnlySpan<byte> payload, out ReadOnlyMemory<byte> json, out string? problem)
    {
        problem = null;
        json = default;
        if (payload.IsEmpty)
            return true;
        if (format == WireFormat.Json)
        {
            json = payload.ToArray();
            return true;
        }

        var converted = new ArrayBufferWriter<byte>(payload.Length * 2);
        if (!PayloadTranscoder.TryMessagePackToJson(payload, converted, out problem))
            return false;
        json = converted.WrittenMemory;
        return true;
    }

    private static void Refuse(Connection connection, in ClientMessage message, ErrorCode code, string text) =>
        connection.Answer(new ErrorMessage(message.Id, null, code, text));

    [LoggerMessage(1794, LogLevel.Error, "A request of {ClientId} failed", EventName = "RequestCommandFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string clientId);
}
