//! Lints of `global_defs`.

use super::{Findings, Subject};

/// `fifo-shared`
pub(super) fn fifos(subject: &Subject<'_>, out: &mut Findings<'_>) {
    let notify = &subject.config.global.notify;
    if let (Some(vrrp), Some(lvs)) = (&notify.vrrp_fifo.path, &notify.lvs_fifo.path)
        && vrrp.value == lvs.value
    {
        let text = format!(
            "lvs_notify_fifo is the pipe of vrrp_notify_fifo: lines of two processes mix in {}",
            lvs.value
        );
        out.tell(lvs.span, text);
    }
}

/// `iptables-and-nftables`
pub(super) fn firewalls(subject: &Subject<'_>, out: &mut Findings<'_>) {
    let nftables = &subject.config.global.nftables;
    if let (Some(iptables), true) = (nftables.iptables, nftables.is_given) {
        let text = "iptables and nftables are both asked for: nftables is used";
        out.tell(iptables.span, text);
    }
}
