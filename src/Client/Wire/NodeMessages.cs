namespace Fanout.Client.Wire;

/// <summary>Reads the payloads of the node's own messages (docs/protocol.md, section 5).</summary>
internal static class NodeMessages
{
    public static FanoutConnectionInfo ReadConnected(WireValue payload)
    {
        var info = new FanoutConnectionInfo();
        var fields = payload.Fields();
        while (fields.MoveNext())
        {
            var name = fields.Name;
            var value = fields.Value;
            if (name.SequenceEqual("clientId"u8))
                info.ClientId = value.AsString();
            else if (name.SequenceEqual("userId"u8))
                info.UserId = value.AsString();
            else if (name.SequenceEqual("node"u8))
                info.Node = value.AsString();
            else if (name.SequenceEqual("expiresAt"u8))
                info.ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(value.AsInt64());
            else if (name.SequenceEqual("heartbeat"u8))
                (info.HeartbeatInterval, info.HeartbeatTimeout) = ReadHeartbeat(value);
            else if (name.SequenceEqual("limits"u8))
                ReadLimits(value, info);
            else if (name.SequenceEqual("backplane"u8))
                info.Backplane = BackplaneState(value.AsString());
            else if (name.SequenceEqual("rooms"u8))
                info.Rooms = ReadStrings(value);
        }

        return info;
    }

    public static FanoutException ReadError(WireValue payload, string? room)
    {
        string code = FanoutErrorCodes.Internal, message = "";
        var retryable = false;
        TimeSpan? retryAfter = null;
        var fields = payload.Fields();
        while (fields.MoveNext())
        {
            var name = fields.Name;
            var value = fields.Value;
            if (name.SequenceEqual("code"u8))
                code = value.AsString();
            else if (name.SequenceEqual("message"u8))
                message = value.AsString();
            else if (name.SequenceEqual("retryable"u8))
                retryable = value.AsBoolean();
            else if (name.SequenceEqual("retryAfterMs"u8))
                retryAfter = TimeSpan.FromMilliseconds(value.AsInt64());
        }

        return new FanoutException(code, message) { IsRetryable = retryable, RetryAfter = retryAfter, Room = room };
    }

    /// <summary>As <see cref="ReadError"/>, and never throws: whoever waits for the answer is told in any case.</summary>
    public static FanoutException ReadRefusal(WireValue payload, string? room)
    {
        try
        {
            return ReadError(payload, room);
        }
        catch (Exception e)
        {
            return Unreadable(e, room);
        }
    }

    /// <summary>The answer to a question; what cannot be read is a <c>bad_message</c>.</summary>
    /// <exception cref="FanoutException">It cannot be read.</exception>
    public static T ReadAnswer<T>(Inbound answer, Func<WireValue, T> read)
    {
        try
        {
            return read(answer.Payload);
        }
        catch (Exception e)
        {
            throw Unreadable(e, answer.Room);
        }
    }

    /// <summary>When the token of a <c>refreshed</c> ends; null where it does not, or does not say.</summary>
    public static DateTimeOffset? ReadExpiry(WireValue payload)
    {
        try
        {
            return Field(payload, "expiresAt"u8) is { IsAbsent: false } time ? DateTimeOffset.FromUnixTimeMilliseconds(time.AsInt64()) : null;
        }
        catch (Exception)
        {
            // The token counts whatever stands here.
            return null;
        }
    }

    public static FanoutException Unreadable(Exception cause, string? room) =>
        new(FanoutErrorCodes.BadMessage, "An answer of the node could not be read.", cause) { Room = room };

    public static JoinedPayload ReadJoined(WireValue payload)
    {
        string? epoch = null;
        long? offset = null;
        var recovered = false;
        var count = 0;
        var fields = payload.Fields();
        while (fields.MoveNext())
        {
            var name = fields.Name;
            var value = fields.Value;
            if (name.SequenceEqual("epoch"u8))
                epoch = value.AsString();
            else if (name.SequenceEqual("offset"u8))
                offset = value.AsInt64();
            else if (name.SequenceEqual("recovered"u8))
                recovered = value.AsBoolean();
            else if (name.SequenceEqual("count"u8))
                count = (int)value.AsInt64();
        }

        return new JoinedPayload(Position(epoch, offset), recovered, count);
    }

    public static FanoutPosition? ReadPosition(WireValue payload) => ReadJoined(payload).Position;

    public static FanoutPublished ReadPublished(Inbound answer, string room)
    {
        string messageId = "";
        string? epoch = null;
        var duplicate = false;
        var fields = answer.Payload.Fields();
        while (fields.MoveNext())
        {
            if (fields.Name.SequenceEqual("messageId"u8))
                messageId = fields.Value.AsString();
            else if (fields.Name.SequenceEqual("epoch"u8))
                epoch = fields.Value.AsString();
            else if (fields.Name.SequenceEqual("duplicate"u8))
                duplicate = fields.Value.AsBoolean();
        }

        return new FanoutPublished(room, messageId, answer.Offset, epoch, duplicate);
    }

    /// <summary>The member that a notice, or a page of members, tells of.</summary>
    public static FanoutMember ReadMember(WireValue payload)
    {
        string clientId = "";
        string? userId = null;
        FanoutPayload info = default;
        var fields = payload.Fields();
        while (fields.MoveNext())
        {
            if (fields.Name.SequenceEqual("clientId"u8))
                clientId = fields.Value.AsString();
            else if (fields.Name.SequenceEqual("userId"u8))
                userId = fields.Value.AsString();
            else if (fields.Name.SequenceEqual("info"u8))
                info = FanoutPayload.Of(fields.Value);
        }

        return new FanoutMember(clientId, userId, info);
    }

    public static FanoutPresencePage ReadPresence(WireValue payload)
    {
        int count = 0, users = 0;
        List<FanoutMember> members = [];
        string? next = null;
        var fields = payload.Fields();
        while (fields.MoveNext())
        {
            var name = fields.Name;
            var value = fields.Value;
            if (name.SequenceEqual("count"u8))
            {
                count = (int)value.AsInt64();
            }
            else if (name.SequenceEqual("users"u8))
            {
                users = (int)value.AsInt64();
            }
            else if (name.SequenceEqual("next"u8))
            {
                next = value.AsString();
            }
            else if (name.SequenceEqual("members"u8))
            {
                var items = value.Items();
                while (items.MoveNext())
                    members.Add(ReadMember(items.Value));
            }
        }

        return new FanoutPresencePage(count, users, members, next);
    }

    public static HistoryPayload ReadHistory(WireValue payload)
    {
        string? epoch = null;
        long? offset = null;
        List<Inbound> messages = [];
        var more = false;
        var fields = payload.Fields();
        while (fields.MoveNext())
        {
            var name = fields.Name;
            var value = fields.Value;
            if (name.SequenceEqual("epoch"u8))
            {
                epoch = value.AsString();
            }
            else if (name.SequenceEqual("offset"u8))
            {
                offset = value.AsInt64();
            }
            else if (name.SequenceEqual("more"u8))
            {
                more = value.AsBoolean();
            }
            else if (name.SequenceEqual("messages"u8))
            {
                var items = value.Items();
                while (items.MoveNext())
                    messages.Add(InboundReader.Read(items.Value));
            }
        }

        return new HistoryPayload(Position(epoch, offset), messages, more);
    }

    /// <summary>One field of a payload; absent where there is none, or no payload.</summary>
    public static WireValue Field(WireValue payload, ReadOnlySpan<byte> name)
    {
        if (payload.IsAbsent)
            return default;
        var found = default(WireValue);
        var fields = payload.Fields();
        while (fields.MoveNext())
        {
            if (fields.Name.SequenceEqual(name))
                found = fields.Value;
        }

        return found;
    }

    public static FanoutBackplaneState BackplaneState(string state) =>
        state == "healthy" ? FanoutBackplaneState.Healthy : FanoutBackplaneState.Degraded;

    private static FanoutPosition? Position(string? epoch, long? offset) =>
        epoch is not null && offset is { } number ? new FanoutPosition(epoch, number) : null;

    private static (TimeSpan Interval, TimeSpan Timeout) ReadHeartbeat(WireValue heartbeat)
    {
        var interval = TimeSpan.Zero;
        var timeout = TimeSpan.Zero;
        var fields = heartbeat.Fields();
        while (fields.MoveNext())
        {
            if (fields.Name.SequenceEqual("intervalMs"u8))
                interval = TimeSpan.FromMilliseconds(fields.Value.AsInt64());
            else if (fields.Name.SequenceEqual("timeoutMs"u8))
                timeout = TimeSpan.FromMilliseconds(fields.Value.AsInt64());
        }

        return (interval, timeout);
    }

    private static void ReadLimits(WireValue limits, FanoutConnectionInfo info)
    {
        var fields = limits.Fields();
        while (fields.MoveNext())
        {
            if (fields.Name.SequenceEqual("maxMessageBytes"u8))
                info.MaxMessageBytes = fields.Value.AsInt64();
            else if (fields.Name.SequenceEqual("messagesPerSecond"u8))
                info.MessagesPerSecond = (int)fields.Value.AsInt64();
            else if (fields.Name.SequenceEqual("maxRooms"u8))
                info.MaxRooms = (int)fields.Value.AsInt64();
        }
    }

    private static List<string> ReadStrings(WireValue array)
    {
        List<string> strings = [];
        var items = array.Items();
        while (items.MoveNext())
            strings.Add(items.Value.AsString());
        return strings;
    }
}

/// <summary>What <c>joined</c> says.</summary>
internal readonly record struct JoinedPayload(FanoutPosition? Position, bool Recovered, int Count);

/// <summary>What <c>history</c> says.</summary>
internal readonly record struct HistoryPayload(FanoutPosition? Position, List<Inbound> Messages, bool More);
