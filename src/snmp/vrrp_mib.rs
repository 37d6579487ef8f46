//! VRRP-MIB (RFC 2787): IPv4 instances of version 2.

use std::marker::PhantomData;

use super::view::VrrpView;
use super::{Column, Kept, Mib, Object, Scalar, Table, Value};
use crate::vrrp::fsm::InstanceId;

/// The MIB for a process that runs VRRP.
#[derive(Debug)]
pub struct VrrpMib<P>(PhantomData<P>);

impl<P: VrrpView> VrrpMib<P> {
    /// All that is served.
    pub const MIB: Mib<P> = Mib {
        name: "VRRP-MIB",
        root: &[1, 3, 6, 1, 2, 1, 68],
        objects: Self::OBJECTS,
    };

    const OBJECTS: &'static [&'static dyn Object<P>] = &[
        &Self::NODE_VERSION,
        &Self::NOTIFICATION_CONTROL,
        &Self::OPERATIONS,
    ];

    /// `vrrpNodeVersion`
    const NODE_VERSION: Scalar<P> =
        Scalar::new(&[1, 3, 6, 1, 2, 1, 68, 1, 1], |_| Some(Value::Integer(2)));

    /// `vrrpNotificationCntl`
    const NOTIFICATION_CONTROL: Scalar<P> = Scalar::new(&[1, 3, 6, 1, 2, 1, 68, 1, 2], |p| {
        Some(Value::truth(p.are_traps_enabled()))
    });

    /// `vrrpOperTable`
    const OPERATIONS: Table<P, InstanceId> = Table {
        entry: &[1, 3, 6, 1, 2, 1, 68, 1, 3, 1],
        columns: &[
            // vrrpOperAdminState
            Column::new(4, |_, _| Some(Value::Integer(1))),
        ],
        rows: &Kept {
            index: P::version2_routers,
        },
    };
}
