//! SNMP: what monitoring systems read of a process, and what they are told.
//!
//! A process that serves SNMP is a *subagent* of the machine's SNMP agent (the *master*,
//! usually net-snmp's `snmpd`), which it reaches by AgentX ([`crate::wire::agentx`]). The
//! VRRP process and the checker process have a subagent each.
//!
//! ```text
//! socket ──► agent.rs ──► session (machine) ──► request ──► Tree ──► Scalar, Table
//!                              ▲                                        │
//!                              └──────────── response ◄─────────────────┘
//! ```
//!
//! Nothing here waits, and a master that is absent, dies, hangs or sends nonsense costs
//! nothing but the values that nobody can read then.
//!
//! * [`object`], [`scalar`], [`table`], [`rows`], [`tree`]: how a MIB is written down.
//! * [`session`]: the machine: open, register, serve, ping, begin again.
//! * [`serve`]: a request worked off in parts of bounded size; `set`: the phases of a SET.
//! * [`agent`]: the shell; a process has an [`Agent`] and is its [`Host`].
//! * [`view`]: what the MIBs may ask the processes for.
//! * [`rfc`]: VRRP-MIB (RFC 2787) and VRRPV3-MIB (RFC 6527).
//! * [`mod@keepalived`], KEEPALIVED-MIB.
//!
//! # How to write a MIB
//!
//! A MIB is generic over the process, of which it knows only a [view](view): a trait
//! that the process implements, and a test too, with made-up values. Names are slices of
//! numbers without the leading dot. Everything is constant:
//!
//! ```
//! use keepalived::snmp::{Column, Mib, Nested, Object, Scalar, Table, Value};
//!
//! /// What is read of the process.
//! pub trait Orchestra: 'static {
//!     fn conductor(&self) -> Option<&str>;
//!     fn desks(&self) -> &[Vec<String>];
//! }
//!
//! /// The MIB for one kind of process.
//! pub struct OrchestraMib<P>(std::marker::PhantomData<P>);
//!
//! impl<P: Orchestra> OrchestraMib<P> {
//!     /// Registered as one: all names below `root`.
//!     pub const MIB: Mib<P> = Mib {
//!         name: "ORCHESTRA-MIB",
//!         root: &[1, 3, 6, 1, 4, 1, 99999],
//!         objects: Self::OBJECTS,
//!     };
//!
//!     const OBJECTS: &'static [&'static dyn Object<P>] = &[&Self::CONDUCTOR, &Self::PLAYERS];
//!
//!     // A scalar: name without `.0`. `None` is "does not apply", and skipped.
//!     const CONDUCTOR: Scalar<P> = Scalar::new(&[1, 3, 6, 1, 4, 1, 99999, 1], |p| {
//!         p.conductor().map(Value::text)
//!     });
//!
//!     // A table: rows are whatever names one in the process, here (desk, player).
//!     const PLAYERS: Table<P, (usize, usize)> = Table {
//!         entry: &[1, 3, 6, 1, 4, 1, 99999, 2, 1],
//!         // Readable columns in ascending order; an index column is simply left out.
//!         columns: &[
//!             Column::new(2, |p, (desk, player)| {
//!                 Some(Value::text(p.desks().get(desk)?.get(player)?))
//!             }),
//!             Column::new(3, |_, (desk, _)| Some(Value::truth(desk == 0))),
//!         ],
//!         // Index: the places from 1. Other orders: `Places`, `NestedTwice`, `Kept`.
//!         rows: &Nested {
//!             outer: |p: &P| p.desks().len(),
//!             inner: |p: &P, desk| p.desks().get(desk).map_or(0, Vec::len),
//!         },
//!     };
//! }
//!
//! struct Band(Vec<Vec<String>>);
//!
//! impl Orchestra for Band {
//!     fn conductor(&self) -> Option<&str> {
//!         None
//!     }
//!     fn desks(&self) -> &[Vec<String>] {
//!         &self.0
//!     }
//! }
//!
//! // A test reads the MIB as a walk does.
//! let mut band = Band(vec![vec!["Ida".into()], vec![], vec!["Ole".into(), "Una".into()]]);
//! let names: Vec<String> = keepalived::snmp::walk(&[&OrchestraMib::MIB], &mut band)
//!     .iter()
//!     .map(|variable| variable.name.to_string())
//!     .collect();
//! assert_eq!(names[0], ".1.3.6.1.4.1.99999.2.1.2.1.1");
//! assert_eq!(names[2], ".1.3.6.1.4.1.99999.2.1.2.3.2");
//! assert_eq!(names.len(), 6);
//! ```
//!
//! * What can be set has [`Column::writable`] or [`Scalar::writable`] with a [`Write`]: `test` says whether
//!   a value is possible, `commit` sets it. The order of the phases, and to put back old
//!   values, is not its matter. After a SET [`Host::was_set`] is called.
//! * What has to be fetched first, such as counters of the kernel, has
//!   [`Column::refreshed`]: a function that looks at the age of what is there. It must
//!   not wait.
//! * Rows whose indexes are not places are in an [`Index`] that the process keeps and
//!   makes again when its configuration, or the numbers of its interfaces, change
//!   ([`Kept`]).
//! * A notification is [`Agent::notify`] with names of columns without an index, as
//!   the C daemon sends them, or with one.
//! * The process names its MIBs in the [`Wish`] it gives to [`Agent::configure`].
#![forbid(unsafe_code)]

pub mod agent;
pub mod keepalived;
pub mod object;
pub mod rfc;
pub mod rows;
pub mod scalar;
pub mod serve;
pub mod session;
mod set;
pub mod table;
pub mod tree;
pub mod view;

pub use agent::{Agent, Host, Notification, Wish};
pub use object::{Next, Object, Reading, SetError, Steps, Write};
pub use rows::{Index, Kept, Nested, NestedTwice, Places, Rows};
pub use scalar::Scalar;
pub use table::{Column, Table};
pub use tree::{Mib, Tree};

pub use crate::wire::agentx::{Oid, Value, VarBind};

/// All variables of some MIBs, as a walk reads them; for tests.
///
/// # Panics
/// Where a variable does not come after the one before it.
pub fn walk<P>(mibs: &[&'static Mib<P>], program: &mut P) -> Vec<VarBind> {
    let tree = Tree::new(mibs);
    let mut found = Vec::new();
    let mut name = Oid::default();
    loop {
        let mut steps = Steps::new(u32::MAX);
        match tree.next(program, scheduler::Instant::ZERO, &name, &[], &mut steps) {
            Next::Found(next, value) => {
                assert!(next > name, "{next} after {name}");
                name.clone_from(&next);
                found.push(VarBind::new(next, value));
            }
            Next::Pause(next) => name = next,
            Next::End => return found,
        }
    }
}

#[cfg(test)]
mod tests;
