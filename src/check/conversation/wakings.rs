//! What the scheduler calls: a socket is ready, a deadline has passed, a script has ended.

use scheduler::{Drain, IoId, Key, Ready, Scheduler};

use super::input::Input;
use super::talk::Carrier;
use super::{Host, Served, TalkId};

pub(super) fn on_socket<P: Host>(
    program: &mut P,
    s: &mut Scheduler<P>,
    _: IoId<P>,
    ready: Ready,
) -> Drain {
    let id = TalkId::from_bits(ready.key());
    let conversations = program.conversations();
    let Some(owner) = conversations.owner(id) else {
        return Drain::Close;
    };
    match conversations.serve(s, id, ready) {
        Served::Drained => Drain::Drained,
        Served::More => Drain::More,
        Served::Over(attempt) => {
            conversations.forget_if_once(id);
            program.attempt_over(s, owner, attempt);
            Drain::Drained
        }
    }
}

pub(super) fn on_expired<P: Host>(program: &mut P, s: &mut Scheduler<P>, key: Key) {
    let id = TalkId::from_bits(key);
    let conversations = program.conversations();
    let Some(owner) = conversations.owner(id) else {
        return;
    };
    if let Some(talk) = conversations.talks.get_mut(id) {
        talk.deadline = None;
    }
    if let Some(attempt) = conversations.drive(s, id, Input::Expired) {
        conversations.forget_if_once(id);
        program.attempt_over(s, owner, attempt);
    }
}

/// A script of an attempt has ended with this status.
pub(super) fn on_exit<P: Host>(
    program: &mut P,
    s: &mut Scheduler<P>,
    id: TalkId<P>,
    status: Option<u8>,
) {
    let conversations = program.conversations();
    let Some(talk) = conversations.talks.get_mut(id) else {
        return;
    };
    talk.carrier = Carrier::Idle;
    let owner = talk.owner;
    if let Some(attempt) = conversations.drive(s, id, Input::Exited(status)) {
        program.attempt_over(s, owner, attempt);
    }
}
