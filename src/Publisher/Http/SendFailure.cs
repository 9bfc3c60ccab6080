using Fanout.Client;
using Polly.Timeout;

namespace Fanout.Publisher.Http;

/// <summary>Names what went wrong with a request as a whole.</summary>
internal static class SendFailure
{
    public static FanoutException Of(Exception cause) => cause switch
    {
        FanoutException known => known,
        TimeoutRejectedException => new FanoutException(FanoutErrorCodes.Timeout, "The node has not answered in time: it may have happened.", cause) { IsRetryable = true },
        HttpRequestException => new FanoutException(FanoutErrorCodes.ConnectionLost, $"The node cannot be reached: {cause.GetBaseException().Message}", cause) { IsRetryable = true },
        IOException => new FanoutException(FanoutErrorCodes.ConnectionLost, $"The answer was cut off: {cause.Message}", cause) { IsRetryable = true },
        _ => new FanoutException(FanoutErrorCodes.Internal, $"The batch could not be sent: {cause.Message}", cause),
    };
}
