//! Authentication and interval of version 2, which the receiver checks together
//! (RFC 2338 section 7.1).

use super::check::Layers;
use super::{ReceiveAuth, ReceiveMode, ReceivePolicy, ReceiveView, Rejection};
use crate::vrrp::authentication::equal_in_constant_time;
use crate::wire::ah::{AuthHeader, HmacMd5, TtlCover};
use crate::wire::ipv4::Ipv4Header;
use crate::wire::vrrp::{AUTH_AH, AUTH_NONE, AUTH_PASS};

/// The sequence number if there is an authentication header.
pub(super) fn version_2(
    policy: &ReceivePolicy,
    view: &ReceiveView,
    layers: &Layers<'_>,
) -> Result<Option<u32>, Rejection> {
    auth_type(policy, layers.advert.auth_type())?;
    let sequence = match (&policy.auth, layers.ip, layers.ah) {
        (ReceiveAuth::None, _, _) => None,
        (ReceiveAuth::Pass(password), _, _) => {
            password_of(layers, password)?;
            None
        }
        (ReceiveAuth::Ah(key), Some(ip), Some(ah)) => {
            integrity(policy, key, ip, ah, layers)?;
            Some(fresh(ah, view)?)
        }
        (ReceiveAuth::Ah(_), _, _) => return Err(Rejection::MissingAuthHeader),
    };
    let received = layers.advert.interval();
    if received != policy.interval {
        return Err(Rejection::Interval {
            received,
            expected: policy.interval,
        });
    }
    Ok(sequence)
}

fn auth_type(policy: &ReceivePolicy, received: u8) -> Result<(), Rejection> {
    let expected = match policy.auth {
        ReceiveAuth::None => AUTH_NONE,
        ReceiveAuth::Pass(_) => AUTH_PASS,
        ReceiveAuth::Ah(_) => AUTH_AH,
    };
    match received {
        AUTH_NONE | AUTH_PASS | AUTH_AH if received == expected => Ok(()),
        AUTH_NONE | AUTH_PASS | AUTH_AH => Err(Rejection::AuthTypeMismatch { received, expected }),
        _ => Err(Rejection::InvalidAuthType(received)),
    }
}

/// Version 2 over IPv6 has no room for a password, so there is none to compare.
fn password_of(layers: &Layers<'_>, password: &[u8; 8]) -> Result<(), Rejection> {
    match layers.advert.auth_data() {
        Some(data) if !equal_in_constant_time(data, password) => Err(Rejection::Password),
        Some(_) | None => Ok(()),
    }
}

fn integrity(
    policy: &ReceivePolicy,
    key: &HmacMd5,
    ip: Ipv4Header<'_>,
    ah: AuthHeader<'_>,
    layers: &Layers<'_>,
) -> Result<(), Rejection> {
    let ttl = match policy.mode {
        ReceiveMode::Multicast => TtlCover::Covered,
        ReceiveMode::Unicast { .. } => TtlCover::Zero,
    };
    let expected = key.icv(ip.octets(), ttl, ah.front(), layers.advert.octets());
    if ah.is_vrrp() && equal_in_constant_time(&expected, ah.icv()) {
        Ok(())
    } else {
        Err(Rejection::IntegrityValue)
    }
}

/// Protection against replay (RFC 2402 section 3.4.3); looked at after the
/// integrity value, so that a forger cannot move the mark.
fn fresh(ah: AuthHeader<'_>, view: &ReceiveView) -> Result<u32, Rejection> {
    let received = ah.sequence();
    if received > view.ah_sequence {
        Ok(received)
    } else {
        Err(Rejection::Replay {
            received,
            highest: view.ah_sequence,
        })
    }
}
