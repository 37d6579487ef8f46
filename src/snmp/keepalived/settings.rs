//! `lvsSyncDaemon`, `lvsTimeouts`

use std::marker::PhantomData;

use super::oid;
use super::values::{address, address_type, integer, name, text, truth};
use crate::global::lvs;
use crate::ipvs::sync_daemon::Parameters;
use crate::snmp::Scalar;
use crate::snmp::view::CheckView;

/// Connection synchronisation.
pub(super) struct SyncDaemon<P>(PhantomData<P>);

fn daemon<P: CheckView>(program: &P) -> Option<&lvs::SyncDaemon> {
    program.config().global.lvs.sync_daemon.as_ref()
}

fn parameters<P: CheckView>(program: &P) -> Option<&Parameters> {
    daemon(program).map(|daemon| &daemon.parameters)
}

impl<P: CheckView> SyncDaemon<P> {
    pub(super) const ENABLED: Scalar<P> =
        Scalar::named(oid!(3, 6, 1), "lvsSyncDaemonEnabled", |p| {
            truth(daemon::<P>(p).is_some())
        });

    pub(super) const INTERFACE: Scalar<P> =
        Scalar::named(oid!(3, 6, 2), "lvsSyncDaemonInterface", |p| {
            name(&parameters::<P>(p)?.interface)
        });

    pub(super) const INSTANCE: Scalar<P> =
        Scalar::named(oid!(3, 6, 3), "lvsSyncDaemonVrrpInstance", |p| {
            text(&daemon::<P>(p)?.instance.as_ref()?.value)
        });

    pub(super) const ID: Scalar<P> = Scalar::named(oid!(3, 6, 4), "lvsSyncDaemonSyncId", |p| {
        integer(parameters::<P>(p)?.id)
    });

    pub(super) const MAXIMUM_LENGTH: Scalar<P> =
        Scalar::named(oid!(3, 6, 5), "lvsSyncDaemonMaxLen", |p| {
            integer(parameters::<P>(p)?.maximum_length?)
        });

    pub(super) const PORT: Scalar<P> = Scalar::named(oid!(3, 6, 6), "lvsSyncDaemonPort", |p| {
        integer(parameters::<P>(p)?.port?)
    });

    pub(super) const TTL: Scalar<P> = Scalar::named(oid!(3, 6, 7), "lvsSyncDaemonTTL", |p| {
        integer(parameters::<P>(p)?.ttl?)
    });

    pub(super) const GROUP_TYPE: Scalar<P> =
        Scalar::named(oid!(3, 6, 8), "lvsSyncDaemonMcastGroupAddrType", |p| {
            address_type(parameters::<P>(p)?.group?)
        });

    pub(super) const GROUP: Scalar<P> =
        Scalar::named(oid!(3, 6, 9), "lvsSyncDaemonMcastGroupAddrValue", |p| {
            address(parameters::<P>(p)?.group?)
        });
}

/// Time-outs of connections, as far as they are configured.
pub(super) struct Timeouts<P>(PhantomData<P>);

fn timeouts<P: CheckView>(program: &P) -> &lvs::Timeouts {
    &program.config().global.lvs.timeouts
}

impl<P: CheckView> Timeouts<P> {
    pub(super) const TCP: Scalar<P> = Scalar::named(oid!(3, 7, 1), "lvsTimeoutTcp", |p| {
        integer(timeouts::<P>(p).tcp?)
    });

    pub(super) const TCP_FIN: Scalar<P> = Scalar::named(oid!(3, 7, 2), "lvsTimeoutTcpFin", |p| {
        integer(timeouts::<P>(p).tcp_fin?)
    });

    pub(super) const UDP: Scalar<P> = Scalar::named(oid!(3, 7, 3), "lvsTimeoutUdp", |p| {
        integer(timeouts::<P>(p).udp?)
    });
}
