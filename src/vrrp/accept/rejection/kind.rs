//! Reasons without details, and the counters they belong to.

macro_rules! rejection_kinds {
    ($($kind:ident $label:literal $statistic:ident;)*) => {
        /// A [`Rejection`](super::Rejection) without its details: the index of its counter.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum RejectionKind {
            $(#[doc = concat!("`", $label, "`; see [`Rejection`](super::Rejection).")] $kind,)*
        }

        impl RejectionKind {
            /// All kinds, in the order of their counters.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// A word for statistics.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$kind => $label,)* }
            }

            /// The counter of the original it belongs to.
            #[must_use]
            pub const fn statistic(self) -> Statistic {
                match self { $(Self::$kind => Statistic::$statistic,)* }
            }
        }
    };
}

rejection_kinds! {
    Family               "family"                 None;
    Protocol             "protocol"               None;
    UnexpectedAuthHeader "unexpected_auth_header" AuthTypeMismatch;
    MissingAuthHeader    "missing_auth_header"    AuthTypeMismatch;
    Length               "length"                 PacketLength;
    HopLimit             "hop_limit"              TimeToLive;
    Version              "version"                Version;
    Vrid                 "vrid"                   Vrid;
    InvalidAuthType      "invalid_auth_type"      InvalidAuthType;
    AuthTypeMismatch     "auth_type_mismatch"     AuthTypeMismatch;
    Password             "password"               AuthFailure;
    IntegrityValue       "integrity_value"        AuthFailure;
    Replay               "replay"                 AuthFailure;
    SignatureMissing     "signature_missing"      AuthExtMissing;
    SignatureMalformed   "signature_malformed"    AuthExtMalformed;
    SignatureStale       "signature_stale"        AuthExtStale;
    SignatureKey         "signature_key"          AuthExtUnknownKey;
    SignatureWrong       "signature_wrong"        AuthExtInvalidHmac;
    SignatureReplayed    "signature_replayed"     AuthExtReplay;
    Interval             "interval"               AdvertInterval;
    ZeroInterval         "zero_interval"          AdvertInterval;
    Type                 "type"                   InvalidType;
    TotalLength          "total_length"           PacketLength;
    Checksum             "checksum"               Checksum;
    UnicastToMulticast   "unicast_to_multicast"   AddressList;
    MulticastToUnicast   "multicast_to_unicast"   AddressList;
    OwnerIgnores         "owner_ignores"          None;
    NotAPeer             "not_a_peer"             None;
    PeerHopLimit         "peer_hop_limit"         TimeToLive;
}

impl RejectionKind {
    /// How many kinds there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The index of the counter, below [`Self::COUNT`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether the packet had passed the checks that make it a received advert:
    /// only what unicast peers are asked comes after that.
    #[must_use]
    pub const fn counts_as_received(self) -> bool {
        matches!(self, Self::NotAPeer | Self::PeerHopLimit)
    }
}

/// The counters of the statistics file and of JSON that rejections go to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Statistic {
    /// `packet_len_err`.
    PacketLength,
    /// `ip_ttl_err`.
    TimeToLive,
    /// `invalid_type_rcvd`.
    InvalidType,
    /// `advert_interval_err`.
    AdvertInterval,
    /// `addr_list_err`.
    AddressList,
    /// `invalid_authtype`.
    InvalidAuthType,
    /// `authtype_mismatch`.
    AuthTypeMismatch,
    /// `auth_failure`.
    AuthFailure,
    /// `auth_ext_missing`.
    AuthExtMissing,
    /// `auth_ext_malformed`.
    AuthExtMalformed,
    /// `auth_ext_unknown_key`.
    AuthExtUnknownKey,
    /// `auth_ext_invalid_hmac`.
    AuthExtInvalidHmac,
    /// `auth_ext_stale`.
    AuthExtStale,
    /// `auth_ext_replay`.
    AuthExtReplay,
    /// Only in SNMP: `vrrpRouterChecksumErrors`.
    Checksum,
    /// Only in SNMP: `vrrpRouterVersionErrors`.
    Version,
    /// Only in SNMP: `vrrpRouterVrIdErrors`.
    Vrid,
    /// No counter of the original; ours is [`RejectionKind`]'s own.
    None,
}

impl Statistic {
    /// Those that VRRPV3-MIB calls protocol errors, in the order of its numbers
    /// (RFC 6527, `vrrpv3StatisticsProtoErrReason`).
    pub const OF_PROTOCOL: [Self; 4] =
        [Self::TimeToLive, Self::Version, Self::Checksum, Self::Vrid];
}
