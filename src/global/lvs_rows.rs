//! The keywords of `global_defs` that concern load balancing.

use std::net::IpAddr;
use std::time::Duration;

use super::GlobalConfig;
use super::lvs::{FlushOnStop, SyncDaemon, Timeouts};
use super::words::{set_checker_cpus, show_cpus};
use crate::control_plane::arg::{address, boolean, flag, int, text, time, to_keyword, words};
use crate::control_plane::diag::{Code, Diags, Fix, Old};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{self, Call, at, old_name};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Word;
use crate::ipvs::sync_daemon::Parameters;

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

const ANY: usize = usize::MAX;
const NUMBER_MAX: i64 = u32::MAX as i64;
/// The longest time that the kernel takes: 31 days.
const MONTH: i64 = 2_678_400;

pub(super) const CHECKER: &[Row] = &[
    Row::new(
        "checker_priority",
        int(-20, 19, "", at!(checker_process.nice)),
        "The nice value of the checker process.",
    )
    .skipped_bare()
    .default("unchanged"),
    Row::new(
        "checker_no_swap",
        flag(at!(checker_process.no_swap)),
        "Lock the memory of the checker process.",
    ),
    Row::new(
        "checker_rt_priority",
        int(1, 99, "", at!(checker_process.realtime)),
        "The realtime priority of the checker process (SCHED_RR).",
    )
    .skipped_bare()
    .nearest()
    .default("none"),
    Row::new(
        "checker_cpu_affinity",
        words(
            "CPU [CPU ...]",
            1,
            ANY,
            set_checker_cpus,
            |global, name, out| {
                show_cpus(&global.checker_process.cpus, name, out);
            },
        ),
        "The processors the checker process may run on.",
    )
    .skipped_bare()
    .default("all"),
    Row::new(
        "checker_rlimit_rttime",
        int(1, NUMBER_MAX, "microseconds", at!(checker_process.rttime)),
        "The most time the checker process may run at realtime priority without a pause.",
    )
    .aliases(&[old_name("checker_rlimit_rtime")])
    .default("10000"),
    Row::new(
        "lvs_netlink_cmd_rcv_bufs",
        int(1, NUMBER_MAX, "octets", at!(lvs.buffers.command)),
        "Receive buffer of the checker process's netlink socket for requests.",
    )
    .skipped_bare()
    .default("65536"),
    Row::new(
        "lvs_netlink_cmd_rcv_bufs_force",
        boolean(at!(lvs.buffers.command_force)),
        "lvs_netlink_cmd_rcv_bufs may be larger than the system's limit, net.core.rmem_max.",
    ),
    Row::new(
        "lvs_netlink_monitor_rcv_bufs",
        int(1, NUMBER_MAX, "octets", at!(lvs.buffers.monitor)),
        "Receive buffer of the checker process's netlink socket for events.",
    )
    .skipped_bare()
    .default("65536"),
    Row::new(
        "lvs_netlink_monitor_rcv_bufs_force",
        boolean(at!(lvs.buffers.monitor_force)),
        "lvs_netlink_monitor_rcv_bufs may be larger than the system's limit, net.core.rmem_max.",
    ),
];

pub(super) const CHECKS: &[Row] = &[
    Row::new(
        "smtp_alert_checker",
        boolean(at!(lvs.smtp_alert)),
        "Send mails of virtual and real servers.",
    )
    .default("as smtp_alert, else for real servers only"),
    Row::new(
        "no_checker_emails",
        boolean(at!(lvs.no_checker_emails)),
        "Send mails only when a real server comes or goes, not for each of its checks.",
    ),
    Row::new(
        "checker_log_all_failures",
        boolean(at!(lvs.log_all_failures)),
        "Log each failed check, not only those that change something.",
    ),
    Row::new(
        "rs_init_notifies",
        boolean(at!(lvs.init_notifies)),
        "Notify of real servers that are up at start.",
    ),
    Row::new(
        "dedupe_checks",
        boolean(at!(lvs.dedupe_checks)),
        "A check that several real servers have in the same words, against the same address and \
         port, runs once for all of them.",
    ),
];

pub(super) const TABLE: &[Row] = &[
    Row::new(
        "lvs_timeouts",
        to_keyword(words(
            "[tcp SECONDS] [tcpfin SECONDS] [udp SECONDS]",
            0,
            ANY,
            set_timeouts,
            show_timeouts,
        )),
        "How long the kernel keeps connections without packets: TCP, TCP after FIN, and UDP; 1 to \
         2678400 seconds. 0 leaves its own time; those of before are set again at the end.",
    )
    .default("the kernel's"),
    Row::new(
        "lvs_flush",
        flag(at!(lvs.flush)),
        "Empty the kernel's IPVS table at start, whoever filled it.",
    ),
    Row::new(
        "lvs_flush_on_stop",
        to_keyword(words(
            "[VS]",
            0,
            1,
            set_flush_on_stop,
            |global, name, out| match global.lvs.flush_on_stop {
                FlushOnStop::No => (),
                FlushOnStop::Services => out.line(name, &["VS"]),
                FlushOnStop::Everything => out.line(name, &[]),
            },
        )),
        "Empty the kernel's IPVS table at stop; with VS delete only our virtual servers, without \
         their real servers before.",
    )
    .aliases(&[old_name("lvs_flush_onstop")]),
    Row::new(
        "lvs_table_check_interval",
        time(
            Duration::ZERO,
            Duration::from_secs(u32::MAX as u64),
            Duration::from_micros(1),
            at!(lvs.table_check_interval),
        ),
        "How often the kernel's IPVS table is compared with what it should be, and put right. 0: \
         only at reloads.",
    )
    .default("60"),
    Row::new(
        "lvs_sync_daemon",
        words(
            "INTERFACE [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]",
            1,
            ANY,
            set_sync_daemon,
            show_sync_daemon,
        ),
        "Tell other directors of connections, and hear of theirs: in the role of the instance, or \
         without one in both roles. The sync id is 0 to 255 (that of the virtual router), maxlen 1 to \
         65507 octets, port 1 to 65535 (8848), ttl 1 to 255 (1), group a multicast address \
         (224.0.0.81).",
    )
    .skipped_bare()
    .default("none")
    .once(),
];

fn set_flush_on_stop(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    global.lvs.flush_on_stop = match call.args.first() {
        None => FlushOnStop::Everything,
        Some(word) if word.text == "VS" => FlushOnStop::Services,
        Some(word) => {
            let text = format!("lvs_flush_on_stop: `{}` is not `VS`", word.text);
            return refuse(diags, word.span, Refusal::general(text));
        }
    };
}

static TIMEOUTS: &[schema::Row<Timeouts>] = &[
    schema::Row::<Timeouts>::new("tcp", int(0, MONTH, "seconds", at!(tcp)), "Of TCP.")
        .skipped_bare(),
    schema::Row::<Timeouts>::new(
        "tcpfin",
        int(0, MONTH, "seconds", at!(tcp_fin)),
        "Of TCP after FIN.",
    )
    .skipped_bare(),
    schema::Row::<Timeouts>::new("udp", int(0, MONTH, "seconds", at!(udp)), "Of UDP.")
        .skipped_bare(),
];

fn set_timeouts(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    if call.args.is_empty() {
        let text = "lvs_timeouts: at least one of tcp, tcpfin and udp is needed";
        diags.error(Code::InvalidNumber, call.keyword.span, text);
    }
    let timeouts = &mut global.lvs.timeouts;
    read::options(&[TIMEOUTS], timeouts, call.line, call.args, diags);
}

fn show_timeouts(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    let Timeouts { tcp, tcp_fin, udp } = global.lvs.timeouts;
    let given = [("tcp", tcp), ("tcpfin", tcp_fin), ("udp", udp)];
    let words: Vec<String> = given
        .into_iter()
        .filter_map(|(name, seconds)| Some([name.to_owned(), seconds?.to_string()]))
        .flatten()
        .collect();
    show_words(&words, name, out);
}

fn show_words(words: &[String], name: &str, out: &mut dyn Sink) {
    if !words.is_empty() {
        out.line(name, &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// The option words of `lvs_sync_daemon`.
#[derive(Default)]
struct SyncOptions {
    instance: Option<Spanned<String>>,
    id: Option<u8>,
    maximum_length: Option<u16>,
    port: Option<u16>,
    ttl: Option<u8>,
    group: Option<Spanned<IpAddr>>,
}

static SYNC_DAEMON: &[schema::Row<SyncOptions>] = &[
    schema::Row::<SyncOptions>::new(
        "inst",
        text("INSTANCE", at!(instance)),
        "The instance whose role it follows.",
    ),
    schema::Row::<SyncOptions>::new("id", int(0, 255, "", at!(id)), "The sync id.").skipped_bare(),
    schema::Row::<SyncOptions>::new(
        "maxlen",
        int(1, 65507, "octets", at!(maximum_length)),
        "The longest message.",
    )
    .skipped_bare(),
    schema::Row::<SyncOptions>::new("port", int(1, 65535, "", at!(port)), "The UDP port.")
        .skipped_bare(),
    schema::Row::<SyncOptions>::new("ttl", int(1, 255, "", at!(ttl)), "The TTL.").skipped_bare(),
    schema::Row::<SyncOptions>::new("group", address(at!(group)), "The multicast group.")
        .skipped_bare(),
];

fn set_sync_daemon(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let Some((interface, words)) = call.args.split_first() else {
        return;
    };
    let place = Spanned::new((), interface.span);
    let interface = match read::interface(&interface.text) {
        Ok(interface) => interface,
        Err(refusal) => return refuse(diags, interface.span, refusal),
    };
    let mut options = SyncOptions::default();
    let words = positional(words, &mut options, diags);
    read::options(&[SYNC_DAEMON], &mut options, call.line, words, diags);
    let group = options.group.filter(|group| group.value.is_multicast());
    if let (Some(given), None) = (options.group, group) {
        let text = format!("`{}` is no multicast group: ignored", given.value);
        diags.error(Code::General, given.span, text);
    }
    global.lvs.sync_daemon = Some(SyncDaemon {
        parameters: Parameters {
            interface,
            id: options.id.unwrap_or(0),
            maximum_length: options.maximum_length,
            port: options.port,
            ttl: options.ttl,
            group: group.map(|group| group.value),
        },
        id: options.id,
        instance: options.instance,
        place,
    });
}

/// The instance may stand without its word, and in old files the id behind it.
fn positional<'a>(words: &'a [Word], options: &mut SyncOptions, diags: &mut Diags) -> &'a [Word] {
    let known = |word: &Word| SYNC_DAEMON.iter().any(|row| row.name == word.text);
    let Some((instance, rest)) = words.split_first().filter(|(word, _)| !known(word)) else {
        return words;
    };
    options.instance = Some(Spanned::new(instance.text.clone(), instance.span));
    let Some((id, rest_of_it)) = rest.split_first().filter(|(word, _)| !known(word)) else {
        return rest;
    };
    match read::integer(&id.text, 0, 255, "") {
        Ok(number) => {
            options.id = u8::try_from(number).ok();
            let newer = format!("id {number}");
            let old = Old {
                text: format!("write `{newer}`: a number alone is the old form"),
                help: None,
                deprecated: true,
                fixes: vec![Fix::instead(id.span, newer)],
            };
            diags.old(id.span, old);
            rest_of_it
        }
        Err(_) => rest,
    }
}

fn show_sync_daemon(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    let Some(daemon) = &global.lvs.sync_daemon else {
        return;
    };
    let parameters = &daemon.parameters;
    let options = [
        ("inst", daemon.instance.as_ref().map(|i| i.value.clone())),
        ("id", daemon.id.map(|id| id.to_string())),
        ("maxlen", parameters.maximum_length.map(|n| n.to_string())),
        ("port", parameters.port.map(|port| port.to_string())),
        ("ttl", parameters.ttl.map(|ttl| ttl.to_string())),
        ("group", parameters.group.map(|group| group.to_string())),
    ];
    let options = options.into_iter();
    let options = options.filter_map(|(name, value)| Some([name.to_owned(), value?]));
    let interface = std::iter::once(parameters.interface.to_string());
    let words: Vec<String> = interface.chain(options.flatten()).collect();
    show_words(&words, name, out);
}
