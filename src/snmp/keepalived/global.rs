//! `global`: settings of the daemon, and of mails.

use std::marker::PhantomData;

use super::facts::GlobalFacts;
use super::oid;
use super::values::{address, address_type, seconds, text, truth, unsigned};
use crate::global::lvs::FlushOnStop;
use crate::global::notify::MailConfig;
use crate::global::{DynamicInterfaces, GlobalConfig};
use crate::model::version;
use crate::snmp::{Column, Object, Places, Scalar, Table, Value};

/// The scalars, and the recipients of mails.
pub(super) struct Global<P>(PhantomData<P>);

/// `{ enabled(1), disabled(2) }` of `lvsFlushOnStop`, and `flushVS(3)`.
const fn on_stop(flush: FlushOnStop) -> i32 {
    match flush {
        FlushOnStop::Everything => 1,
        FlushOnStop::No => 2,
        FlushOnStop::Services => 3,
    }
}

/// `{ on(1), off(2), unset(3) }`
const fn alert(given: Option<bool>) -> Option<Value> {
    Some(Value::Integer(match given {
        Some(true) => 1,
        Some(false) => 2,
        None => 3,
    }))
}

fn settings<P: GlobalFacts>(program: &P) -> &GlobalConfig {
    &program.config().global
}

fn mail<P: GlobalFacts>(program: &P) -> &MailConfig {
    &settings(program).notify.mail
}

impl<P: GlobalFacts> Global<P> {
    pub(super) const OBJECTS: &'static [&'static dyn Object<P>] = &[
        &Scalar::<P>::named(oid!(1, 1), "version", |_| text(version::line())),
        &Scalar::<P>::named(oid!(1, 2), "routerId", |p| text(p.router_id())),
        &Scalar::<P>::named(oid!(1, 3, 1), "smtpServerAddressType", |p| {
            address_type(mail::<P>(p).addresses.first()?.ip())
        }),
        &Scalar::<P>::named(oid!(1, 3, 2), "smtpServerAddress", |p| {
            address(mail::<P>(p).addresses.first()?.ip())
        }),
        &Scalar::<P>::named(oid!(1, 3, 3), "smtpServerTimeout", |p| {
            seconds(mail::<P>(p).connect_timeout)
        }),
        &Scalar::<P>::named(oid!(1, 3, 4), "emailFrom", |p| {
            text(mail::<P>(p).from.as_ref()?)
        }),
        &Self::RECIPIENTS,
        &Scalar::<P>::named(oid!(1, 3, 6), "smtpServerPort", |p| {
            unsigned(mail::<P>(p).addresses.first()?.port())
        }),
        &Scalar::<P>::named(oid!(1, 3, 7), "smtpEmailFaults", |p| {
            truth(!mail::<P>(p).no_faults)
        }),
        &Scalar::<P>::named(oid!(1, 3, 8), "smtpEmailSmtpAlert", |p| {
            alert(mail::<P>(p).alert)
        }),
        &Scalar::<P>::named(oid!(1, 3, 9), "smtpEmailSmtpAlertVrrp", |p| {
            alert(mail::<P>(p).alert_vrrp)
        }),
        &Scalar::<P>::named(oid!(1, 3, 10), "smtpEmailSmtpAlertChecker", |p| {
            alert(settings::<P>(p).lvs.smtp_alert)
        }),
        &Scalar::<P>::named(oid!(1, 4), "trapEnable", |p| truth(p.are_traps_enabled())),
        &Scalar::<P>::named(oid!(1, 5), "linkBeat", |p| {
            // Netlink is 1, polling is 2.
            truth(!p.config().vrrp.linkbeat.all)
        }),
        &Scalar::<P>::named(oid!(1, 6), "lvsFlush", |p| {
            truth(settings::<P>(p).lvs.flush)
        }),
        // The kernel's messages have had counters of 64 bits since Linux 4.1.
        &Scalar::<P>::named(oid!(1, 7), "ipvs64BitStats", |_| truth(true)),
        &Scalar::<P>::named(oid!(1, 8), "netNamespace", |p| {
            let name = settings::<P>(p).net_namespace.as_ref();
            text(name.map_or("", |name| name.value.as_str()))
        }),
        &Scalar::<P>::named(oid!(1, 9), "dbus", |p| {
            truth(settings::<P>(p).dbus.is_enabled)
        }),
        &Scalar::<P>::named(oid!(1, 10), "dynamicInterfaces", |p| {
            truth(settings::<P>(p).dynamic_interfaces != DynamicInterfaces::No)
        }),
        &Scalar::<P>::named(oid!(1, 11), "lvsFlushOnStop", |p| {
            Some(Value::Integer(on_stop(settings::<P>(p).lvs.flush_on_stop)))
        }),
        &Scalar::<P>::named(oid!(1, 12), "v3ChecksumAsV2", |p| {
            truth(settings::<P>(p).vrrp.v3_checksum_as_v2)
        }),
    ];

    /// `emailTable`
    const RECIPIENTS: Table<P, usize> = Table {
        entry: oid!(1, 3, 5, 1),
        columns: &[Column::named(2, "emailAddress", |p, place| {
            text(mail::<P>(p).to.get(place)?)
        })],
        rows: &Places {
            count: |p| mail(p).to.len(),
        },
    };
}
