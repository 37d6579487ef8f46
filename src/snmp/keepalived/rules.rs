//! `vrrpRuleTable`

use std::marker::PhantomData;

use super::oid;
use super::rows::{Owned, Owner};
use super::values::{
    address, address_type, integer, name, prefix_length, protocol, realms, text, truth, unsigned,
};
use crate::model::IpNet;
use crate::netlink::rule::action;
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Table};
use crate::vrrp::config::RuleConfig;
use crate::vrrp::config::routes::RuleAction;

/// Virtual and static rules.
pub(super) struct Rules<P>(PhantomData<P>);

type Place = (Owner, usize);

fn rule<P: VrrpView>(program: &P, (owner, place): Place) -> Option<&RuleConfig> {
    list(program, owner)?.get(place)
}

fn list<P: VrrpView>(program: &P, owner: Owner) -> Option<&[RuleConfig]> {
    let config = &program.config().vrrp;
    match owner {
        Owner::Nobody => Some(&config.static_rules),
        Owner::Instance(place) => config.instance(place).map(|own| &*own.rules),
    }
}

/// What the process knows it by: rules come behind addresses and routes.
fn item<P: VrrpView>(program: &P, (owner, place): Place) -> Option<u32> {
    let config = &program.config().vrrp;
    let before = match owner {
        Owner::Nobody => config.static_addresses.len() + config.static_routes.len(),
        Owner::Instance(place) => {
            let own = config.instance(place)?;
            own.vips.len() + own.excluded_vips.len() + own.routes.len()
        }
    };
    u32::try_from(before + place).ok()
}

/// Which ends it looks at.
const fn direction(rule: &RuleConfig) -> &'static str {
    match (&rule.from, &rule.to) {
        (Some(_), Some(_)) => "both",
        (Some(_), None) => "from",
        (None, Some(_)) => "to",
        (None, None) => "",
    }
}

/// The address it looks at, the destination if there are two.
fn end(rule: &RuleConfig) -> Option<IpNet> {
    rule.to.or(rule.from)
}

/// The table looked up; 0 is that of the VRF.
const fn table(rule: &RuleConfig) -> Option<u32> {
    match rule.action {
        RuleAction::Table(table) => Some(table),
        RuleAction::Vrf => Some(0),
        RuleAction::Goto(_)
        | RuleAction::Nothing
        | RuleAction::Blackhole
        | RuleAction::Unreachable
        | RuleAction::Prohibit => None,
    }
}

/// `RuleAction` has the numbers of the kernel.
const fn action_number(rule: &RuleConfig) -> u8 {
    match rule.action {
        RuleAction::Table(_) | RuleAction::Vrf => action::TO_TABLE,
        RuleAction::Goto(_) => action::GOTO,
        RuleAction::Nothing => action::NOP,
        RuleAction::Blackhole => action::BLACKHOLE,
        RuleAction::Unreachable => action::UNREACHABLE,
        RuleAction::Prohibit => action::PROHIBIT,
    }
}

impl<P: VrrpView> Rules<P> {
    pub(super) const TABLE: Table<P, Place> = Table {
        entry: oid!(2, 8, 1),
        columns: Self::COLUMNS,
        rows: &Owned {
            count: |p: &P, owner| list(p, owner).map_or(0, <[_]>::len),
        },
    };

    const COLUMNS: &'static [Column<P, Place>] = &[
        Column::named(2, "vrrpRuleDirection", |p, at| {
            text(direction(rule::<P>(p, at)?))
        }),
        Column::named(3, "vrrpRuleAddressType", |p, at| {
            address_type(end(rule::<P>(p, at)?)?.addr)
        }),
        Column::named(4, "vrrpRuleAddress", |p, at| {
            address(end(rule::<P>(p, at)?)?.addr)
        }),
        Column::named(5, "vrrpRuleAddressMask", |p, at| {
            prefix_length(end(rule::<P>(p, at)?)?)
        }),
        Column::named(6, "vrrpRuleRoutingTable", |p, at| {
            unsigned(table(rule::<P>(p, at)?)?)
        }),
        Column::named(7, "vrrpRuleStatus", |p, at| {
            let owner = at.0.id(&p.config().vrrp);
            truth(p.is_installed(owner, item::<P>(p, at)?))
        }),
        Column::named(8, "vrrpRuleInvert", |p, at| {
            truth(rule::<P>(p, at)?.inverted)
        }),
        Column::named(9, "vrrpRuleDestinationAddressType", |p, at| {
            address_type(rule::<P>(p, at)?.to?.addr)
        }),
        Column::named(10, "vrrpRuleDestinationAddress", |p, at| {
            address(rule::<P>(p, at)?.to?.addr)
        }),
        Column::named(11, "vrrpRuleDestinationAddressMask", |p, at| {
            prefix_length(rule::<P>(p, at)?.to?)
        }),
        Column::named(12, "vrrpRuleSourceAddressType", |p, at| {
            address_type(rule::<P>(p, at)?.from?.addr)
        }),
        Column::named(13, "vrrpRuleSourceAddress", |p, at| {
            address(rule::<P>(p, at)?.from?.addr)
        }),
        Column::named(14, "vrrpRuleSourceAddressMask", |p, at| {
            prefix_length(rule::<P>(p, at)?.from?)
        }),
        Column::named(15, "vrrpRuleTos", |p, at| unsigned(rule::<P>(p, at)?.tos)),
        Column::named(16, "vrrpRuleFwmark", |p, at| {
            unsigned(rule::<P>(p, at)?.mark?.0)
        }),
        Column::named(17, "vrrpRuleFwmask", |p, at| {
            let (_, mask) = rule::<P>(p, at)?.mark?;
            unsigned(mask.unwrap_or(u32::MAX))
        }),
        Column::named(18, "vrrpRuleRealmDst", |p, at| {
            let [destination, _] = realms(rule::<P>(p, at)?.realms?);
            unsigned(destination?)
        }),
        Column::named(19, "vrrpRuleRealmSrc", |p, at| {
            let [_, source] = realms(rule::<P>(p, at)?.realms?);
            unsigned(source?)
        }),
        Column::named(20, "vrrpRuleInInterface", |p, at| {
            name(&rule::<P>(p, at)?.input.as_ref()?.value)
        }),
        Column::named(21, "vrrpRuleOutInterface", |p, at| {
            name(&rule::<P>(p, at)?.output.as_ref()?.value)
        }),
        Column::named(22, "vrrpRuleTarget", |p, at| {
            match rule::<P>(p, at)?.action {
                RuleAction::Goto(target) => unsigned(target),
                RuleAction::Table(_)
                | RuleAction::Vrf
                | RuleAction::Nothing
                | RuleAction::Blackhole
                | RuleAction::Unreachable
                | RuleAction::Prohibit => None,
            }
        }),
        Column::named(23, "vrrpRuleAction", |p, at| {
            integer(action_number(rule::<P>(p, at)?))
        }),
        Column::named(24, "vrrpRuleTableNo", |p, at| {
            unsigned(table(rule::<P>(p, at)?)?)
        }),
        Column::named(25, "vrrpRulePreference", |p, at| {
            unsigned(rule::<P>(p, at)?.preference?)
        }),
        Column::named(26, "vrrpRuleSuppressPrefixLen", |p, at| {
            unsigned(rule::<P>(p, at)?.suppress_prefix?)
        }),
        Column::named(27, "vrrpRuleSuppressGroup", |p, at| {
            text(rule::<P>(p, at)?.suppress_group?.to_string())
        }),
        Column::named(28, "vrrpRuleTunnelIdHigh", |p, at| {
            unsigned(rule::<P>(p, at)?.tunnel? >> 32)
        }),
        Column::named(29, "vrrpRuleTunnelIdLow", |p, at| {
            unsigned(rule::<P>(p, at)?.tunnel? & u64::from(u32::MAX))
        }),
        Column::named(30, "vrrpRuleUidRangeStart", |p, at| {
            let [first, _] = rule::<P>(p, at)?.users?;
            unsigned(first)
        }),
        Column::named(31, "vrrpRuleUidRangeEnd", |p, at| {
            let [_, last] = rule::<P>(p, at)?.users?;
            unsigned(last)
        }),
        Column::named(32, "vrrpRuleL3mdev", |p, at| {
            let is_vrf = rule::<P>(p, at)?.action == RuleAction::Vrf;
            is_vrf.then(|| truth(true))?
        }),
        Column::named(33, "vrrpRuleProtocol", |p, at| {
            protocol(rule::<P>(p, at)?.protocol)
        }),
        Column::named(34, "vrrpRuleIPProto", |p, at| {
            unsigned(rule::<P>(p, at)?.ip_protocol?)
        }),
        Column::named(35, "vrrpRuleSrcPortStart", |p, at| {
            let [first, _] = rule::<P>(p, at)?.source_ports?;
            unsigned(first)
        }),
        Column::named(36, "vrrpRuleSrcPortEnd", |p, at| {
            let [_, last] = rule::<P>(p, at)?.source_ports?;
            unsigned(last)
        }),
        Column::named(37, "vrrpRuleDstPortStart", |p, at| {
            let [first, _] = rule::<P>(p, at)?.destination_ports?;
            unsigned(first)
        }),
        Column::named(38, "vrrpRuleDstPortEnd", |p, at| {
            let [_, last] = rule::<P>(p, at)?.destination_ports?;
            unsigned(last)
        }),
    ];
}
