//! What the process keeps of one instance beside the machine that decides.

use std::net::IpAddr;
use std::rc::Rc;

use super::policy;
use super::pool::SocketId;
use super::rivals::Rivalry;
use super::snmp::Standing;
use crate::notify::notifier::SubjectId;
use crate::vrrp::accept::{Complaints, ReceiveMode, ReceivePolicy, ReceiveStats};
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::fsm::InterfaceKey;
use crate::vrrp::history::History;
use crate::vrrp::hmac::ReplayMarks;
use crate::vrrp::speakers::Speakers;
use crate::vrrp::transmit::AdvertTemplate;

/// The shell's part of an instance.
#[derive(Debug)]
pub(super) struct VirtualRouter {
    pub(super) name: Rc<str>,
    /// The interface of its adverts; unicast instances may have none.
    pub(super) key: Option<InterfaceKey>,
    /// All interfaces that have to exist: its own, and that below a virtual one.
    pub(super) needed: Vec<InterfaceKey>,
    pub(super) receive: ReceivePolicy,
    /// Where multicast adverts go.
    pub(super) group: IpAddr,
    /// `unicast_ttl`, for the headers that the kernel makes (IPv6).
    pub(super) hop_limit: Option<u8>,
    /// Its advert, while there is an address to send from.
    pub(super) template: Option<AdvertTemplate>,
    pub(super) source: Option<IpAddr>,
    pub(super) socket: Option<SocketId>,
    /// What the notifier knows it as.
    pub(super) subject: Option<SubjectId>,
    pub(super) stats: ReceiveStats,
    /// The last transitions, for dumps.
    pub(super) history: History,
    /// What was complained about, so that a storm of bad packets is few lines.
    pub(super) complaints: Complaints,
    /// A peer uses the old unicast checksum, so this instance does, too.
    pub(super) old_checksum: bool,
    /// `auth_hmac`: what was taken from whom.
    pub(super) replay: ReplayMarks,
    /// The clocks were found to differ, and it was told.
    pub(super) skew_told: bool,
    /// Other routers that were heard.
    pub(super) speakers: Speakers,
    /// What was heard of other masters.
    pub(super) rivalry: Rivalry,
    /// What SNMP tells of it.
    pub(super) standing: Standing,
}

impl VirtualRouter {
    pub(super) fn new(
        config: &InstanceConfig,
        key: Option<InterfaceKey>,
        needed: Vec<InterfaceKey>,
    ) -> Self {
        Self {
            name: config.name.value.as_str().into(),
            key,
            needed,
            receive: policy::receive(config),
            group: config.multicast_group,
            hop_limit: config.unicast_ttl,
            template: None,
            source: None,
            socket: None,
            subject: None,
            stats: ReceiveStats::default(),
            history: History::default(),
            complaints: Complaints::default(),
            old_checksum: false,
            replay: ReplayMarks::new(config.unicast_peers.len()),
            skew_told: false,
            speakers: Speakers::default(),
            rivalry: Rivalry::default(),
            standing: Standing::default(),
        }
    }

    /// Go by another configuration. The advert follows, see
    /// [`VrrpProcess::rebuild_advert`](super::VrrpProcess::rebuild_advert).
    pub(super) fn reconfigure(
        &mut self,
        config: &InstanceConfig,
        key: Option<InterfaceKey>,
        needed: Vec<InterfaceKey>,
    ) {
        let receive = policy::receive(config);
        let same_peers = match (&self.receive.mode, &receive.mode) {
            (ReceiveMode::Unicast { peers: a, .. }, ReceiveMode::Unicast { peers: b, .. }) => {
                a == b
            }
            (a, b) => a == b,
        };
        if !same_peers {
            // Marks are kept by position of the peer.
            self.replay = ReplayMarks::new(config.unicast_peers.len());
        }
        self.name = config.name.value.as_str().into();
        self.key = key;
        self.needed = needed;
        self.receive = receive;
        self.group = config.multicast_group;
        self.hop_limit = config.unicast_ttl;
        self.complaints = Complaints::default();
        self.skew_told = false;
    }

    /// The highest sequence number of authentication headers, sent or received.
    pub(super) fn ah_sequence(&self) -> u32 {
        self.template
            .as_ref()
            .map_or(0, AdvertTemplate::ah_sequence)
    }
}
