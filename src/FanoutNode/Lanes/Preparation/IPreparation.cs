namespace Fanout.Node.Lanes.Preparation;

/// <summary>Messages that are being made ready, by turns.</summary>
internal interface IPreparation
{
    /// <summary>Works for a moment. Called by one worker at a time.</summary>
    /// <returns>Whether there is more to do.</returns>
    bool RunTurn();
}

/// <summary>A room whose messages are made ready before they come to its lanes.</summary>
internal interface IPreparedRoom
{
    /// <summary>What its receivers on this node take.</summary>
    MessageForms FormsInUse { get; }

    /// <summary>Hands a message to the lanes, as it is.</summary>
    /// <returns>How many lanes were too full to take it and have no history to read it from later.</returns>
    int PostNow(RoomMessage message);

    /// <summary>Hands work to all lanes that have members.</summary>
    void PostToOccupiedNow(ILaneWork work);

    /// <summary>Hands a notice to all lanes that have members, counted like a message.</summary>
    /// <returns>How many lanes were too full to take it.</returns>
    int PostNoticeNow(ILaneWork notice);

    /// <summary>A message was not taken in: the members read it from the log.</summary>
    void FallBehindNow();
}
