namespace Baton.Ike.Payloads;

/// <summary>Notify Message Type (RFC 7296 3.10.1 and the registry). Below 16384 errors, from there on status.</summary>
public enum NotifyType : ushort
{
    None = 0,

    // RFC 7296: errors.
    UnsupportedCriticalPayload = 1,
    InvalidIkeSpi = 4,
    InvalidMajorVersion = 5,
    InvalidSyntax = 7,
    InvalidMessageId = 9,
    InvalidSpi = 11,
    NoProposalChosen = 14,
    InvalidKePayload = 17,
    AuthenticationFailed = 24,
    SinglePairRequired = 34,
    NoAdditionalSas = 35,
    InternalAddressFailure = 36,
    FailedCpRequired = 37,
    TsUnacceptable = 38,
    InvalidSelectors = 39,

    /// <summary>RFC 4555</summary>
    UnacceptableAddresses = 40,

    /// <summary>RFC 4555</summary>
    UnexpectedNatDetected = 41,

    /// <summary>RFC 5026</summary>
    UseAssignedHoA = 42,

    // RFC 7296: errors.
    TemporaryFailure = 43,
    ChildSaNotFound = 44,

    /// <summary>RFC 8784</summary>
    InvalidGroupId = 45,

    /// <summary>RFC 9370</summary>
    StateNotFound = 47,

    // RFC 7296: status.
    InitialContact = 16384,
    SetWindowSize = 16385,
    AdditionalTsPossible = 16386,
    IpcompSupported = 16387,
    NatDetectionSourceIp = 16388,
    NatDetectionDestinationIp = 16389,
    Cookie = 16390,
    UseTransportMode = 16391,
    HttpCertLookupSupported = 16392,
    RekeySa = 16393,
    EspTfcPaddingNotSupported = 16394,
    NonFirstFragmentsAlso = 16395,

    // RFC 4555 (MOBIKE).
    MobikeSupported = 16396,
    AdditionalIp4Address = 16397,
    AdditionalIp6Address = 16398,
    NoAdditionalAddresses = 16399,
    UpdateSaAddresses = 16400,
    Cookie2 = 16401,
    NoNatsAllowed = 16402,

    // RFC 4739.
    MultipleAuthSupported = 16404,
    AnotherAuthFollows = 16405,

    // RFC 5685.
    RedirectSupported = 16406,
    Redirect = 16407,
    RedirectedFrom = 16408,

    // RFC 5723 (session resumption).
    TicketLifetimeOpaque = 16409,
    TicketRequest = 16410,
    TicketAck = 16411,
    TicketNack = 16412,
    TicketOpaque = 16413,

    // RFC 6290 (quick crash detection).
    QcdToken = 16419,

    // RFC 6311 (high availability).
    IkeMessageIdSyncSupported = 16420,
    IpsecReplayCounterSyncSupported = 16421,
    IkeMessageIdSync = 16422,
    IpsecReplayCounterSync = 16423,

    // RFC 6467.
    SecurePasswordMethods = 16424,

    // RFC 6023, 5840, 6867, 7791: seen from real peers.
    ChildlessIkev2Supported = 16418,
    LinkId = 16414,
    UseWespMode = 16415,
    RohcSupported = 16416,
    EapOnlyAuthentication = 16417,
    PskPersist = 16425,
    PskConfirm = 16426,
    ErxSupported = 16427,
    IfomCapability = 16428,
    SenderRequestId = 16429,

    /// <summary>RFC 7383</summary>
    IkeFragmentationSupported = 16430,

    /// <summary>RFC 7427</summary>
    SignatureHashAlgorithms = 16431,

    // RFC 7791.
    CloneIkeSaSupported = 16432,
    CloneIkeSa = 16433,

    // RFC 8019.
    Puzzle = 16434,

    // RFC 8784.
    UsePpk = 16435,
    PpkIdentity = 16436,
    NoPpkAuth = 16437,

    // RFC 9242, 8983, 9370.
    IntermediateExchangeSupported = 16438,
    Ip4Allowed = 16439,
    Ip6Allowed = 16440,
    AdditionalKeyExchange = 16441,
    UseAggFrag = 16442,

    /// <summary>RFC 9593</summary>
    SupportedAuthMethods = 16443,

    /// <summary>RFC 9611</summary>
    SaResourceInfo = 16444,
}

public static class NotifyTypes
{
    /// <summary>Types below 16384 report an error; unknown ones make the request fail, unknown status is ignored (RFC 7296 3.10.1).</summary>
    public static bool IsError(this NotifyType type) => (ushort)type < 16384;
}
