namespace Fanout.Node.Rpc;

/// <summary>Settings under <c>Fanout:Rpc</c>.</summary>
internal sealed class RpcOptions
{
    /// <summary>Signs the requests of every method that has no secret of its own; at least 16 characters. Unset: not signed.</summary>
    public string? Secret { get; set; }

    /// <summary>Requests that one connection may have under way. Over it: <c>rate_limited</c>. 0: no bound but the 256 of all commands.</summary>
    public int MaxPerConnection { get; set; } = 16;

    /// <summary>Which methods go where; the first whose pattern fits counts.</summary>
    public List<RpcMethodOptions> Methods { get; set; } = [];
}

/// <summary>One item of <c>Fanout:Rpc:Methods</c>.</summary>
internal sealed class RpcMethodOptions
{
    /// <summary>A method in which <c>*</c> stands for any run of characters; up to 128 characters.</summary>
    public string Pattern { get; set; } = "";

    /// <summary>Where its requests are posted; http or https. Redirects are not followed.</summary>
    public string Url { get; set; } = "";

    /// <summary>So long may the whole answer take, the connect included, before the client is answered with <c>timeout</c>; up to 5 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Signs this method's requests; <see cref="RpcOptions.Secret"/> where it is unset.</summary>
    public string? Secret { get; set; }

    /// <summary>Who may call it.</summary>
    public RpcAccess Access { get; set; }

    /// <summary>
    /// Calls that this node has under way at once. Over it: <c>rate_limited</c>, so that a slow back end never holds more than these. 0: no
    /// bound.
    /// </summary>
    public int MaxConcurrent { get; set; } = 100;

    /// <summary>Largest answer in bytes, up to 16 MiB. Over it: <c>too_large</c>.</summary>
    public int MaxAnswerBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// When of at least so many calls within 10 seconds half have failed, the circuit opens: calls are refused at once. 2 or more; 0: never.
    /// </summary>
    public int BreakAfter { get; set; } = 20;

    /// <summary>How long the circuit stays open before one call tries again; 0.5 seconds or more.</summary>
    public TimeSpan BreakFor { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Who may call a method.</summary>
internal enum RpcAccess
{
    /// <summary>Every client that is let in, anonymous ones too where <c>Fanout:Auth:AllowAnonymous</c> lets them in.</summary>
    Everybody,

    /// <summary>Clients with a user.</summary>
    Users,

    /// <summary>Clients whose token grants the method: <c>{"fanout": {"request": ["orders.*"]}}</c>.</summary>
    Granted,
}
