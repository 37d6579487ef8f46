//! The counters of an instance: `keepalived.stats`, and `stats` in JSON.

use super::fact::{Fact, Value};
use super::json::Json;
use super::text::push_number;
use crate::vrrp::accept::{ReceiveStats, Statistic};

type Counter = Fact<fn(&ReceiveStats) -> u64>;

macro_rules! counters {
    ($($name:ident $label:literal $key:literal $get:expr;)*) => {
        $(const $name: Counter = Fact { label: $label, key: $key, get: $get };)*
    };
}

counters! {
    RECEIVED "Received" "advert_rcvd" |s| s.advert_rcvd;
    SENT "Sent" "advert_sent" |s| s.advert_sent;
    BECAME "Became master" "become_master" |s| s.become_master;
    RELEASED "Released master" "release_master" |s| s.release_master;
    LENGTH "Length" "packet_len_err" |s| s.statistic(Statistic::PacketLength);
    TTL "TTL" "ip_ttl_err" |s| s.statistic(Statistic::TimeToLive);
    TYPE "Invalid Type" "invalid_type_rcvd" |s| s.statistic(Statistic::InvalidType);
    INTERVAL "Advertisement Interval" "advert_interval_err" |s| s.statistic(Statistic::AdvertInterval);
    ADDRESSES "Address List" "addr_list_err" |s| s.statistic(Statistic::AddressList);
    AUTH_TYPE "Invalid Type" "invalid_authtype" |s| s.statistic(Statistic::InvalidAuthType);
    AUTH_MISMATCH "Type Mismatch" "authtype_mismatch" |s| s.statistic(Statistic::AuthTypeMismatch);
    AUTH_FAILURE "Failure" "auth_failure" |s| s.statistic(Statistic::AuthFailure);
    EXT_MISSING "Missing" "auth_ext_missing" |s| s.statistic(Statistic::AuthExtMissing);
    EXT_MALFORMED "Malformed" "auth_ext_malformed" |s| s.statistic(Statistic::AuthExtMalformed);
    EXT_KEY "Unknown Key" "auth_ext_unknown_key" |s| s.statistic(Statistic::AuthExtUnknownKey);
    EXT_HMAC "Invalid HMAC" "auth_ext_invalid_hmac" |s| s.statistic(Statistic::AuthExtInvalidHmac);
    EXT_STALE "Stale" "auth_ext_stale" |s| s.statistic(Statistic::AuthExtStale);
    EXT_REPLAY "Replay" "auth_ext_replay" |s| s.statistic(Statistic::AuthExtReplay);
    ZERO_RECEIVED "Received" "pri_zero_rcvd" |s| s.pri_zero_rcvd;
    ZERO_SENT "Sent" "pri_zero_sent" |s| s.pri_zero_sent;
}

/// The order of JSON.
static KEYS: [Counter; 20] = [
    RECEIVED,
    SENT,
    BECAME,
    RELEASED,
    LENGTH,
    INTERVAL,
    TTL,
    TYPE,
    ADDRESSES,
    AUTH_TYPE,
    AUTH_MISMATCH,
    AUTH_FAILURE,
    EXT_MISSING,
    EXT_MALFORMED,
    EXT_KEY,
    EXT_HMAC,
    EXT_STALE,
    EXT_REPLAY,
    ZERO_RECEIVED,
    ZERO_SENT,
];

/// The order of the text: titles with their counters; those without a title
/// stand between.
static SECTIONS: [(&str, &[Counter]); 6] = [
    ("Advertisements", &[RECEIVED, SENT]),
    ("", &[BECAME, RELEASED]),
    ("Packet Errors", &[LENGTH, TTL, TYPE, INTERVAL, ADDRESSES]),
    (
        "Authentication Errors",
        &[AUTH_TYPE, AUTH_MISMATCH, AUTH_FAILURE],
    ),
    (
        "Authentication Extension Errors",
        &[
            EXT_MISSING,
            EXT_MALFORMED,
            EXT_KEY,
            EXT_HMAC,
            EXT_STALE,
            EXT_REPLAY,
        ],
    ),
    ("Priority Zero", &[ZERO_RECEIVED, ZERO_SENT]),
];

/// One instance of the statistics file.
pub fn text(name: &str, stats: &ReceiveStats, out: &mut String) {
    out.push_str("VRRP Instance: ");
    out.push_str(name);
    out.push('\n');
    for (title, counters) in &SECTIONS {
        let indent = if title.is_empty() {
            "  "
        } else {
            out.push_str("  ");
            out.push_str(title);
            out.push_str(":\n");
            "    "
        };
        for counter in *counters {
            out.push_str(indent);
            out.push_str(counter.label);
            out.push_str(": ");
            push_number(out, (counter.get)(stats));
            out.push('\n');
        }
    }
}

/// The members of `stats` in JSON.
pub fn json(stats: &ReceiveStats, out: &mut Json) {
    for counter in &KEYS {
        out.member(counter.key, Value::Number((counter.get)(stats)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Priority;

    /// As the C daemon writes it.
    const FILE: &str = "\
VRRP Instance: VI_1
  Advertisements:
    Received: 0
    Sent: 3
  Became master: 1
  Released master: 0
  Packet Errors:
    Length: 0
    TTL: 0
    Invalid Type: 0
    Advertisement Interval: 0
    Address List: 2
  Authentication Errors:
    Invalid Type: 0
    Type Mismatch: 0
    Failure: 0
  Authentication Extension Errors:
    Missing: 0
    Malformed: 0
    Unknown Key: 0
    Invalid HMAC: 0
    Stale: 0
    Replay: 0
  Priority Zero:
    Received: 0
    Sent: 1
";

    fn stats() -> ReceiveStats {
        let mut stats = ReceiveStats::default();
        stats.become_master = 1;
        stats.address_list_differs = 2;
        for priority in [Priority(100), Priority(100), Priority::GIVE_UP] {
            stats.record_sent(priority);
        }
        stats
    }

    #[test]
    fn the_file_of_the_c_daemon() {
        let mut out = String::new();
        text("VI_1", &stats(), &mut out);
        assert_eq!(out, FILE);
    }

    #[test]
    fn json_has_its_own_order() {
        let mut out = Json::default();
        out.object(|out| json(&stats(), out));
        assert_eq!(
            out.finish(),
            "{\"advert_rcvd\":0,\"advert_sent\":3,\"become_master\":1,\"release_master\":0,\
             \"packet_len_err\":0,\"advert_interval_err\":0,\"ip_ttl_err\":0,\
             \"invalid_type_rcvd\":0,\"addr_list_err\":2,\"invalid_authtype\":0,\
             \"authtype_mismatch\":0,\"auth_failure\":0,\
             \"auth_ext_missing\":0,\"auth_ext_malformed\":0,\"auth_ext_unknown_key\":0,\
             \"auth_ext_invalid_hmac\":0,\"auth_ext_stale\":0,\"auth_ext_replay\":0,\
             \"pri_zero_rcvd\":0,\"pri_zero_sent\":1}\n"
        );
    }

    #[test]
    fn text_and_json_have_the_same_counters() {
        let mut of_text: Vec<_> = SECTIONS.iter().flat_map(|(_, list)| *list).collect();
        of_text.sort_by_key(|counter| counter.key);
        let mut of_json: Vec<_> = KEYS.iter().collect();
        of_json.sort_by_key(|counter| counter.key);
        let keys = |list: Vec<&Counter>| list.iter().map(|c| c.key).collect::<Vec<_>>();
        assert_eq!(keys(of_text), keys(of_json));
    }
}
