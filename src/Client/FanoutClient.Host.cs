using Fanout.Client.Commands;
using Fanout.Client.Connection;
using Fanout.Client.Diagnostics;
using Fanout.Client.Outbox;
using Fanout.Client.Rooms;
using Fanout.Client.Threading;
using Fanout.Client.Wire;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Client;

/// <content>What the parts ask and tell each other.</content>
public sealed partial class FanoutClient
{
    private sealed class Host(FanoutClient client) : IConnectorHost, IRoomHost
    {
        public Settings Settings => client._settings;

        public Turns Turns => client._turns;

        public ILine Line => client._connector;

        public CommandTable Commands => client._commands;

        public PublishOutbox Outbox => client._outbox;

        public bool IsOver => client._closedByUs;

        public FanoutException? ClosedForGood => client._closedBecause is { } because ? Reported(because) : null;

        public string Query(int maxLength)
        {
            client._queried = [];
            var rooms = "";
            foreach (var room in client._rooms.All)
            {
                if (room.QueryItem is not { } item)
                    continue;
                var longer = rooms + (rooms.Length > 0 ? "%2C" : "") + Uri.EscapeDataString(item);
                // What does not fit is joined by `join`.
                if (longer.Length + "rooms=".Length > maxLength)
                    continue;
                rooms = longer;
                client._queried.Add(room.Name);
            }

            return rooms.Length > 0 ? "rooms=" + rooms : "";
        }

        public void Connected(FanoutConnectionInfo info)
        {
            var before = client._info?.UserId;
            client._info = info;
            client._backplane = info.Backplane;
            if (before is not null && before != info.UserId && Shared.Rooms.UserRoom.TryNameFor(before) is { } old)
                client._rooms.Find(old)?.UserChanged();
            if (info.UserId is not null && Shared.Rooms.UserRoom.TryNameFor(info.UserId) is { } own && info.Rooms.Contains(own))
            {
                client.Core(own, null).Adopt();
                client._queried.Add(own);
            }

            foreach (var room in client._rooms.All.ToArray())
                room.Connected(client._queried.Contains(room.Name));
            client._commands.Connected();
            client._outbox.Connected(info.MaxMessageBytes);
        }

        public void Received(Inbound message)
        {
            if (message.IsAnswer && (client._commands.Answered(message) || client._outbox.Answered(message)))
                return;
            switch (message.Type)
            {
                case MessageTypes.Backplane:
                    client._backplane = NodeMessages.BackplaneState(NodeMessages.Field(message.Payload, "state"u8).AsString());
                    var state = client._backplane;
                    client._log.Write(to => ClientLog.Backplane(to, state));
                    Raise(() => client.BackplaneChanged, client._backplane);
                    return;

                case MessageTypes.Drain:
                    var delay = TimeSpan.FromMilliseconds(NodeMessages.Field(message.Payload, "reconnectAfterMs"u8).AsInt64());
                    client._log.Write(to => ClientLog.Draining(to, delay));
                    Raise(() => client.Draining, delay);
                    client._connector.Drain(delay);
                    return;

                case MessageTypes.Expiring:
                    client._connector.KeepFresh(client.SendToken);
                    return;

                // With an id it answers a caller who has left; without a room there is nobody else to tell.
                case MessageTypes.Error when message.Id is null && message.Room is null:
                    Fault(NodeMessages.ReadError(message.Payload, null));
                    return;
            }

            if (message.Room is not { } name || message.IsAnswer)
                return;
            if (name == RoomName.All)
                client.Core(name, null).Received(message);
            else
                client._rooms.Find(name)?.Received(message);
        }

        public void Lost(Ending ending)
        {
            if (ending.Code == (int)CloseCode.MessageTooBig)
                Blame();
            client._commands.Lost();
            client._outbox.Lost();
            foreach (var room in client._rooms.All)
                room.Lost();
            client._log.Write(to => ClientLog.Disconnected(to, ending.Code, ending.Reason));
            Raise(() => client.Disconnected, new FanoutDisconnect(ending.Code, ending.Reason));
        }

        public void Waiting(TimeSpan delay, int attempt, FanoutException cause)
        {
            client._log.Write(to => ClientLog.Reconnecting(to, delay, attempt, cause.Message));
            Raise(() => client.Reconnecting, new FanoutReconnecting(delay, attempt, cause));
        }

        public void StateChanged(FanoutConnectionState state, FanoutException? error)
        {
            var previous = client._previous;
            client._previous = state;
            if (state == FanoutConnectionState.Closed && error is not null)
                Close(error);
            Raise(() => client.StateChanged, new FanoutStateChange(state, previous, error));
            foreach (var (wanted, done) in client._stateWaiters)
            {
                if (wanted == state)
                    done.TrySetResult();
            }

            if (state == FanoutConnectionState.Connected)
            {
                var info = client._info!;
                client._log.Write(to => ClientLog.Connected(to, info.Node, info.ClientId));
                Raise(() => client.Connected, info);
                foreach (var waiter in client._connecting)
                    waiter.TrySetResult(info);
            }
            else if (state == FanoutConnectionState.Closed && error is not null)
            {
                Raise(() => client.Closed, error);
                foreach (var waiter in client._connecting)
                    waiter.TrySetException(error);
            }
        }

        public void Message(FanoutMessage<FanoutPayload> message)
        {
            if (client.MessageReceived is not null)
                Raise(() => client.MessageReceived, message);
        }

        public void Keep(RoomCore room) => client._rooms.Keep(room);

        public void RoomReset(FanoutReset reset) => client._log.Write(to => ClientLog.Reset(to, reset.Room, reset.Reason));

        public void HandlerFailed(Exception cause) =>
            Fault(new FanoutException(FanoutErrorCodes.HandlerFailed, $"A handler threw: {cause.Message}", cause));

        public void Fault(FanoutException error)
        {
            client._log.Write(to => ClientLog.Fault(to, error.InnerException, error.Code, error.Message));
            using var turn = client._turns.Take();
            client._turns.Tell(() =>
            {
                // A handler of Failed that throws, at once or later, must not be told of itself for ever.
                var outer = SynchronizationContext.Current;
                SynchronizationContext.SetSynchronizationContext(client._failedContext);
                foreach (var handler in HandlersOf(client.Failed))
                {
                    try
                    {
                        handler(error);
                    }
                    catch (Exception e)
                    {
                        LogFailed(e);
                    }
                }

                SynchronizationContext.SetSynchronizationContext(outer);
            });
        }

        public void LogFailed(Exception cause) =>
            client._log.Write(to => ClientLog.Fault(to, cause, FanoutErrorCodes.HandlerFailed, cause.Message));

        public void Raise<T>(Func<Action<T>?> handlers, T value) => client._turns.Tell(() =>
        {
            foreach (var handler in HandlersOf(handlers()))
            {
                try
                {
                    handler(value);
                }
                catch (Exception e)
                {
                    HandlerFailed(e);
                }
            }
        });

        private static Action<T>[] HandlersOf<T>(Action<T>? handlers) =>
            handlers is null ? [] : Array.ConvertAll(handlers.GetInvocationList(), static handler => (Action<T>)handler);

        private void Close(FanoutException error)
        {
            client._closedBecause = error;
            if (client._closedByUs)
                client._log.Write(to => ClientLog.Closed(to, error.Message));
            else
                client._log.Write(to => ClientLog.SentAway(to, error.Code, error.Message));
            var reported = Reported(error);
            client._commands.Close(reported);
            client._outbox.Close(reported);
            foreach (var room in client._rooms.All)
                room.Closed(reported, client._closedByUs);
        }

        private static FanoutException Reported(FanoutException error) =>
            error.Code == FanoutErrorCodes.Closed ? error : new FanoutException(FanoutErrorCodes.Closed, $"The client is closed: {error.Message}", error);

        /// <summary>A message was over the limit: the largest without an answer. It would end every connection, so it is not sent again.</summary>
        private void Blame()
        {
            var (command, publish) = (client._commands.Largest(), client._outbox.Largest());
            var blamed = (command?.Size ?? -1) > (publish?.Size ?? -1) ? command : publish;
            blamed?.Fail(new FanoutException(
                FanoutErrorCodes.TooLarge, $"The node closed with 1009, and this message of {blamed.Value.Size} bytes was the largest: not sent again.")
            { CloseCode = (int)CloseCode.MessageTooBig });
        }
    }
}
