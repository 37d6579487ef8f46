//! What a process says and does when it finds a mistake in itself: the place goes into the
//! log, and the process ends with a status of its own. Its parent starts it again.

use std::panic;

use crate::log;
use crate::memory::account::{self, Tag};
use crate::sys::fork::leave;

/// Exit status: a mistake in the program.
const INTERNAL: i32 = 70;

/// From now on. With core files (`-m`) the process dies by a signal instead, since that
/// is what makes one.
pub(super) fn install(wants_core: bool) {
    let _lasting = account::enter(Tag::Lasting);
    panic::set_hook(Box::new(move |mistake| {
        log::last_words(&format!("Internal error, please report it: {mistake}"));
        if wants_core {
            std::process::abort();
        }
        leave(INTERNAL);
    }));
}
