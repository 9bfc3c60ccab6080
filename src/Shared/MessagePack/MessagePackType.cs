namespace Fanout.Shared.MessagePack;

/// <summary>What kind of value comes next, whatever its width on the wire.</summary>
/// <remarks>Source: the MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md.</remarks>
public enum MessagePackType
{
    /// <summary>The byte 0xc1, which the specification never assigns. No reader method accepts it.</summary>
    NeverUsed,

    /// <summary>nil, JSON's null.</summary>
    Nil,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>Any of the ten integer formats, signed or not.</summary>
    Integer,

    /// <summary>float 32.</summary>
    Float32,

    /// <summary>float 64.</summary>
    Float64,

    /// <summary>A string. The specification asks for UTF-8; only <see cref="MessagePackValidator"/> checks it.</summary>
    String,

    /// <summary>Bytes without a meaning of their own.</summary>
    Binary,

    /// <summary>An array header; the elements follow.</summary>
    Array,

    /// <summary>A map header; key, value, key, value and so on follow.</summary>
    Map,

    /// <summary>Any extension type, the timestamp included. Fanout refuses them in payloads.</summary>
    Extension,
}
