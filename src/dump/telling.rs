//! Whom the daemon tells, as `------< Global definitions >------` has it: by mail, through
//! pipes, by SNMP, and by whose scripts.

use super::fact::{FlagForm, Value};
use super::text::Text;
use crate::control_plane::show;
use crate::global::GlobalConfig;
use crate::global::notify::FifoConfig;
use crate::global::snmp::SnmpConfig;

/// `Router ID`, and whom mails go to. What is not given is not shown: to find the name of
/// the host takes reading files.
pub(super) fn mails(global: &GlobalConfig, out: &mut Text) {
    let given = |text: &Option<String>, label: &str, out: &mut Text| {
        out.setting(label, text.as_deref().map_or(Value::Absent, Value::Word));
    };
    given(&global.router_id, "Router ID", out);
    let mail = &global.notify.mail;
    if let Some(server) = &mail.server {
        let (host, port) = &server.value;
        out.setting("Smtp server", Value::Word(host));
        out.setting("Smtp server port", Value::Number((*port).into()));
        given(&mail.hello, "Smtp HELO name", out);
        let patience = Value::seconds(mail.connect_timeout);
        out.setting("Smtp server connection timeout", patience);
    }
    if !mail.to.is_empty() {
        given(&mail.from, "Email notification from", out);
        out.push(" Email notification to:\n");
        for to in &mail.to {
            out.line(to);
        }
    }
    let alert = |given: Option<bool>| Value::Word(given.map_or("unset", show::on_off));
    out.setting("Default smtp_alert", alert(mail.alert));
    out.setting("Default smtp_alert_vrrp", alert(mail.alert_vrrp));
}

/// The pipes for events.
pub(super) fn pipes(global: &GlobalConfig, out: &mut Text) {
    let notify = &global.notify;
    let all = [
        ("Global notify fifo", &notify.fifo),
        ("VRRP notify fifo", &notify.vrrp_fifo),
        ("LVS notify fifo", &notify.lvs_fifo),
    ];
    for (label, fifo) in all {
        pipe(label, fifo, out);
    }
    let told = Value::truth(notify.priority_changes, FlagForm::Bool);
    out.setting("VRRP notify priority changes", told);
}

fn pipe(label: &str, fifo: &FifoConfig, out: &mut Text) {
    if let Some(path) = &fifo.path {
        let (uid, gid) = fifo.account.as_ref().map_or((0, 0), |of| (of.uid, of.gid));
        let text = format!("{}, uid:gid {uid}:{gid}", path.value);
        out.setting(label, Value::Text(text.into()));
    }
}

/// What is served by SNMP, and whether scripts have to be safe.
pub(super) fn snmp_and_scripts(global: &GlobalConfig, out: &mut Text) {
    let SnmpConfig {
        traps,
        rfc,
        rfc2,
        rfc3,
        vrrp,
        checker,
        ..
    } = global.snmp;
    let all = [
        ("SNMP vrrp", vrrp),
        ("SNMP checker", checker),
        ("SNMP RFCv2", rfc || rfc2),
        ("SNMP RFCv3", rfc || rfc3),
        ("SNMP traps", traps),
        ("Script security", global.scripts.security),
    ];
    for (label, is_set) in all {
        out.push(" ");
        out.push(label);
        out.push(if is_set { " enabled\n" } else { " disabled\n" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::value::Spanned;

    #[test]
    fn mails_and_pipes() {
        let mut global = GlobalConfig::default();
        let mut out = Text::default();
        mails(&global, &mut out);
        pipes(&global, &mut out);
        let quiet = " Default smtp_alert = unset\n Default smtp_alert_vrrp = unset\n \
                     VRRP notify priority changes = false\n";
        assert_eq!(out.finish(), quiet);
        global.router_id = Some("lb".into());
        let mail = &mut global.notify.mail;
        mail.server = Some(Spanned::new(("192.0.2.25".into(), 25), Default::default()));
        mail.to = vec!["a@x".into(), "b@x".into()];
        mail.alert = Some(true);
        let path = Spanned::new("/run/events".into(), Default::default());
        global.notify.lvs_fifo.path = Some(path);
        let mut out = Text::default();
        mails(&global, &mut out);
        pipes(&global, &mut out);
        let expected = " Router ID = lb\n Smtp server = 192.0.2.25\n Smtp server port = 25\n \
                        Smtp server connection timeout = 30\n Email notification to:\n   a@x\n   b@x\n \
                        Default smtp_alert = on\n Default smtp_alert_vrrp = unset\n \
                        LVS notify fifo = /run/events, uid:gid 0:0\n \
                        VRRP notify priority changes = false\n";
        assert_eq!(out.finish(), expected);
    }
}
