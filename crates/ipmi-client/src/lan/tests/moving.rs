//! A BMC that moves while it is talked to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ipmi_session::console::{Call, Failure, SessionError, Stage};
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::transport::AddressSource;
use ipmi_wire::{Privilege, Response};

use super::super::{Fate, LanSetOptions, LanSetting, Reach, Risk};
use super::{ip, is_set};
use crate::bmc::Bmc;
use crate::endpoint::Opened;
use crate::error::ErrorKind;
use crate::fake::{Answers, Machine};

/// Machines at addresses.
#[derive(Debug)]
struct Net {
    machine: Arc<Machine>,
    /// Where it is; `None` where nobody gets at it.
    at: Mutex<Option<SocketAddr>>,
    /// Where it goes once parameter 3, or 20, or "set complete" is written.
    leaves: (u8, Option<SocketAddr>),
    /// Whether the answer to that is lost.
    silent: bool,
    /// Another machine somewhere.
    other: Option<(SocketAddr, Arc<Machine>)>,
}

#[derive(Debug)]
struct Seen {
    net: Arc<Net>,
    from: SocketAddr,
}

impl Seen {
    fn machine(&self) -> Option<&Arc<Machine>> {
        if *self.net.at.lock().unwrap() == Some(self.from) {
            return Some(&self.net.machine);
        }
        let (at, other) = self.net.other.as_ref()?;
        (*at == self.from).then_some(other)
    }
}

impl Answers for Seen {
    fn session(&self) -> Result<Opened, ErrorKind> {
        let silence = SessionError::NoAnswer {
            stage: Stage::OpenSession,
            sent: 5,
            waited: std::time::Duration::from_secs(5),
        };
        self.machine().ok_or(ErrorKind::Session(silence))?.session()
    }

    fn answer(&self, session: u32, call: &Call) -> Result<Response, ErrorKind> {
        let silence = || {
            ErrorKind::Call(Failure::NoAnswer {
                sent: 5,
                waited: std::time::Duration::from_secs(5),
            })
        };
        let answer = self.machine().ok_or_else(silence)?.answer(session, call);
        let request = &call.request;
        let (selector, to) = self.net.leaves;
        // "Set complete" is 0 and ends with 0.
        if is_set(request) && request.data[1] == selector && (selector != 0 || request.data[2] == 0)
        {
            *self.net.at.lock().unwrap() = to;
            if self.net.silent {
                return Err(silence());
            }
        }
        answer
    }

    fn at(self: Arc<Self>, address: SocketAddr) -> Arc<dyn Answers> {
        Arc::new(Self { net: Arc::clone(&self.net), from: address })
    }
}

fn at(last: u8) -> SocketAddr {
    (ip(last), 623).into()
}

fn net(leaves: (u8, Option<SocketAddr>), silent: bool) -> Net {
    let machine = Machine::new();
    machine.world().lan.staged = leaves.0 == 0;
    Net { machine, at: Mutex::new(Some(at(1))), leaves, silent, other: None }
}

async fn set(net: Net, settings: &[LanSetting]) -> (super::LanSet, Arc<Net>) {
    let net = Arc::new(net);
    let seen = Arc::new(Seen { net: Arc::clone(&net), from: at(1) });
    let bmc = Bmc::faked(at(1), ipmi_session::Timing::default(), seen);
    let channel = bmc.lan_channel(None).await.unwrap();
    let plan = bmc.plan_lan(channel, settings).await.unwrap();
    let outcome = bmc.set_lan(&plan, LanSetOptions::default()).await.unwrap();
    (outcome, net)
}

const NEW: LanSetting = LanSetting::Address(std::net::Ipv4Addr::new(192, 0, 2, 9));

#[tokio::test(start_paused = true)]
async fn a_bmc_that_has_moved_is_found_and_the_rest_is_said_there() {
    for (leaves, silent) in [
        ((3, Some(at(9))), true),
        ((3, Some(at(9))), false),
        ((0, Some(at(9))), true),
        ((0, Some(at(9))), false),
    ] {
        let settings = [NEW, LanSetting::VlanPriority(3), LanSetting::TimeToLive(9)];
        let (outcome, net) = set(net(leaves, silent), &settings).await;
        let fates: Vec<_> = outcome.changes.iter().map(|change| change.fate).collect();
        assert_eq!(fates, [Fate::Kept; 3], "{leaves:?} {silent}");
        let reach = Reach { address: Some(at(9)), answers: Some(true), vlan: None };
        assert_eq!(outcome.reach, Some(reach));
        let world = net.machine.world();
        assert_eq!(world.lan.parameters[&(3, 0, 0)], [192, 0, 2, 9]);
        assert_eq!((&*world.lan.parameters[&(21, 0, 0)], world.lan.progress), (&[3][..], 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_is_nowhere_to_be_found_is_unknown() {
    let settings = [NEW, LanSetting::VlanPriority(3), LanSetting::TimeToLive(9)];
    let (outcome, _) = set(net((3, None), true), &settings).await;
    let fates: Vec<_> = outcome.changes.iter().map(|change| change.fate).collect();
    assert_eq!(fates, [Fate::Unknown, Fate::NotTried, Fate::Unknown]);
    let reach = Reach { address: Some(at(9)), answers: Some(false), vlan: None };
    assert_eq!(outcome.reach, Some(reach));
}

#[tokio::test(start_paused = true)]
async fn another_machine_at_the_new_address_is_not_taken_for_it() {
    let other = Machine::new();
    other.world().guid = Some(Guid(*b"another machine\0"));
    other.world().lan.parameters.insert((3, 0, 0), vec![192, 0, 2, 9]);
    let net = Net { other: Some((at(9), Arc::clone(&other))), ..net((3, None), true) };
    let (outcome, _) = set(net, &[NEW]).await;
    assert_eq!(outcome.changes[0].fate, Fate::Unknown);
    assert_eq!(other.count::<ipmi_wire::cmd::transport::GetLanConfigurationParameters>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_stays_where_it_was_is_read_there() {
    // It keeps the address for the next start, say.
    let (outcome, _) = set(net((99, None), false), &[NEW]).await;
    assert_eq!(outcome.changes[0].fate, Fate::Kept);
    let reach = Reach { address: Some(at(9)), answers: Some(false), vlan: None };
    assert_eq!(outcome.reach, Some(reach));
}

#[tokio::test(start_paused = true)]
async fn a_vlan_that_shuts_us_out_is_unknown_and_named() {
    let (outcome, _) = set(net((20, None), true), &[LanSetting::Vlan(Some(42))]).await;
    assert_eq!(outcome.changes[0].fate, Fate::Unknown);
    let reach = Reach { address: Some(at(1)), answers: Some(false), vlan: Some(Some(42)) };
    assert_eq!(outcome.reach, Some(reach));
}

#[tokio::test(start_paused = true)]
async fn where_dhcp_sends_it_nobody_knows() {
    let (outcome, _) =
        set(net((99, None), false), &[LanSetting::Source(AddressSource::DHCP)]).await;
    assert_eq!(outcome.changes[0].fate, Fate::Kept);
    assert_eq!(outcome.reach, Some(Reach { address: None, answers: None, vlan: None }));
}

#[tokio::test]
async fn what_may_shut_us_out_is_known_before() {
    let bmc = Machine::new().bmc();
    let channel = bmc.lan_channel(None).await.unwrap();
    let risks =
        async |settings: &[LanSetting]| bmc.plan_lan(channel, settings).await.unwrap().risks();
    let vlan = LanSetting::Vlan(Some(5));
    // Suite 17 has no place in parameter 24, and 3 is not what this session is in.
    let suite = LanSetting::CipherPrivilege { suite: 3, level: Some(Privilege::User) };
    assert_eq!(risks(&[vlan, suite]).await, [Risk::Moves(vlan)]);
    // The same address again changes nothing.
    assert!(risks(&[LanSetting::Address(ip(1)), LanSetting::TimeToLive(3)]).await.is_empty());
}
