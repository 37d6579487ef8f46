//! Which events are echoes of our own requests: a filter for the kernel, so that they
//! are dropped where they would be copied.

use crate::netlink::header::kind;
use crate::sys::bpf::Instruction;

/// Where the kind and the port stand in a message's header (`struct nlmsghdr`).
const KIND: u32 = 4;
const PORT: u32 = 12;

/// Drop what tells of addresses added or removed by requests from a port. Each event
/// is a message of its own, so the first header decides; parts of dumps carry
/// the port of who asked for them. The kernel stamps only IPv4 addresses.
pub(super) fn filter(port: u32) -> [Instruction; 7] {
    [
        Instruction::load_word(PORT),
        Instruction::if_equal(u32::from_be_bytes(port.to_ne_bytes()), 0, 4),
        Instruction::load_half(KIND),
        Instruction::if_equal(as_loaded(kind::NEW_ADDRESS), 1, 0),
        Instruction::if_equal(as_loaded(kind::DEL_ADDRESS), 0, 1),
        Instruction::reject(),
        Instruction::accept(),
    ]
}

/// Headers are in the machine's order of octets, loads in the network's.
fn as_loaded(kind: u16) -> u32 {
    u32::from(u16::from_be_bytes(kind.to_ne_bytes()))
}
