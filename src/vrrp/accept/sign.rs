//! The trailer of `auth_hmac`: checked whenever it is there, in every mode. Only
//! what passes all of this can move the mark of a sender.

use super::check::Layers;
use super::{ReceivePolicy, ReceiveView, Rejection};
use crate::vrrp::hmac::{AntiReplay, Mode, Verify};
use crate::wire::vrrp_hmac::{CODE_LEN, Scope, Sequence, Trailer};

/// The number of a good trailer; nothing where there is none and need not be.
pub(super) fn trailer(
    policy: &ReceivePolicy,
    view: &ReceiveView,
    layers: &Layers<'_>,
) -> Result<Option<Sequence>, Rejection> {
    let Some(verify) = &policy.hmac else {
        return Ok(None);
    };
    let Some(trailer) = layers.trailer else {
        return match verify.mode {
            Mode::Enforce => Err(Rejection::SignatureMissing),
            Mode::Permissive | Mode::ReceiveOnly => Ok(None),
        };
    };
    if !trailer.is_well_formed() {
        return Err(Rejection::SignatureMalformed);
    }
    let sequence = trailer.sequence();
    let by_time = verify.anti_replay == AntiReplay::Time;
    if by_time && verify.is_outside(sequence, view.wall) {
        return Err(Rejection::SignatureStale);
    }
    code(policy, verify, &trailer, layers)?;
    // A mark of another time tells nothing: the clock was set in between.
    let mark = view
        .signature_mark
        .filter(|mark| !by_time || !verify.is_outside(*mark, view.wall));
    match mark {
        Some(mark) if !sequence.is_after(mark) => Err(Rejection::SignatureReplayed),
        Some(_) | None => Ok(Some(sequence)),
    }
}

fn code(
    policy: &ReceivePolicy,
    verify: &Verify,
    trailer: &Trailer<'_>,
    layers: &Layers<'_>,
) -> Result<(), Rejection> {
    let id = trailer.key_id();
    let key = verify.key(id).ok_or(Rejection::SignatureKey(id))?;
    let scope = Scope {
        version: policy.version,
        vrid: policy.vrid,
        source: layers.src,
    };
    let expected = key.code(&scope, layers.advert.octets(), trailer.front());
    if equal(&expected, trailer.code()) {
        Ok(())
    } else {
        Err(Rejection::SignatureWrong)
    }
}

fn equal(a: &[u8; CODE_LEN], b: &[u8; CODE_LEN]) -> bool {
    crate::vrrp::authentication::equal_in_constant_time(a, b)
}
