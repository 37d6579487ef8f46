//! `BFD_CHECK`: the server is up while the session to it is (RFC 5880 section 6.8.1).

use crate::check::probe::Outcome;

/// What the state of a session comes to.
#[must_use]
pub fn verdict(is_up: bool) -> Outcome {
    if is_up {
        Outcome::Passed(None)
    } else {
        Outcome::Failed("the BFD session is down".into())
    }
}
