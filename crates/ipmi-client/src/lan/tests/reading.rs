//! What is read, and what it costs.

use ipmi_wire::cmd::app::GetChannelInfo;
use ipmi_wire::cmd::transport::{
    ArpControl, GetIpUdpRmcpStatistics, GetLanConfigurationParameters, SuspendBmcArps,
};
use ipmi_wire::session::CipherSuite;
use ipmi_wire::{Channel, Privilege};

use super::super::{Absent, LanChannel, LanQuery, NoLevel, Place};
use super::ip;
use crate::error::ErrorKind;
use crate::fake::{Machine, code, lost, of};
use crate::outcome::Done;

const CHANNEL: Channel = Channel::new(1);

#[tokio::test]
async fn a_channel_by_number_costs_nothing_and_none_is_the_sessions_own() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let named = bmc.lan_channel(Some(Channel::new(7))).await.unwrap();
    assert_eq!(
        (named, machine.requests()),
        (LanChannel { channel: Channel::new(7), own: None }, 0)
    );
    for wanted in [None, Some(Channel::PRESENT)] {
        let own = bmc.lan_channel(wanted).await.unwrap();
        assert_eq!(
            (own, machine.requests()),
            (LanChannel { channel: CHANNEL, own: Some(true) }, 1)
        );
    }
}

#[tokio::test]
async fn without_a_lan_of_its_own_the_first_one_is_taken() {
    let machine = Machine::new();
    // The session is over a system interface; channel 3 is the LAN.
    machine.hook(|_, request| {
        let info = of::<GetChannelInfo>(request)?;
        let medium = match info.channel.number() {
            0x0e => [15, 0x0c],
            3 => [3, 4],
            _ => return Some(Ok(code(0xcc))),
        };
        let data = [&medium[..], &[1, 0x80, 0xf2, 0x1b, 0, 0, 0]].concat();
        Some(Ok(ipmi_wire::Response { completion: ipmi_wire::CompletionCode::OK, data }))
    });
    let bmc = machine.bmc();
    let first = bmc.lan_channel(None).await.unwrap();
    assert_eq!(first, LanChannel { channel: Channel::new(3), own: None });
    let own = bmc.lan_channel(Some(Channel::PRESENT)).await.unwrap_err();
    assert!(matches!(*own.kind, ErrorKind::NotPossible(_)), "{own}");
    // Whoever tells nothing of channels has the usual one.
    machine.hook(|_, request| of::<GetChannelInfo>(request).map(|_| Ok(code(0xc1))));
    assert_eq!(bmc.lan_channel(None).await.unwrap().channel, CHANNEL);
}

#[tokio::test]
async fn each_parameter_is_asked_for_once_and_none_that_is_not_wanted() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let config = bmc.lan_config(CHANNEL, LanQuery::default()).await.unwrap();
    assert_eq!(machine.requests(), 20);
    assert_eq!((config.address(), config.gateway()), (Ok(ip(1)), Ok(ip(254))));
    assert_eq!(config.destinations(), Err(Absent::NotAsked));
    assert_eq!(config.ipv6_support(), Err(Absent::NotAsked));
    // How long the list of suites is, because a zero at its end may be filling.
    machine.world().lan.parameters.insert((23, 0, 0), vec![0, 17, 3, 0]);
    bmc.lan_config(CHANNEL, LanQuery::default()).await.unwrap();
    assert_eq!(machine.requests(), 21);
    let alerts = LanQuery { alerts: true, no_ipv4: true, ..LanQuery::default() };
    let config = bmc.lan_config(CHANNEL, alerts).await.unwrap();
    assert_eq!((config.destinations(), machine.requests()), (Ok(1), 5));
    assert_eq!(config.destination_type(1).unwrap().retries, 2);
    // A BMC without IPv6 is not asked for each piece of it.
    let ipv6 = LanQuery { ipv6: true, no_ipv4: true, ..LanQuery::default() };
    let config = bmc.lan_config(CHANNEL, ipv6).await.unwrap();
    assert!(matches!(config.ipv6_support(), Err(Absent::NotSupported(_))));
    assert_eq!(machine.requests(), 1);
}

#[tokio::test]
async fn what_the_bmc_does_not_have_is_told_and_fails_nothing_else() {
    for refusal in [0x80, 0xc1, 0xc9, 0xcc] {
        let machine = Machine::new();
        machine.hook(move |_, request| {
            let get = of::<GetLanConfigurationParameters>(request)?;
            [10, 11, 21, 26].contains(&get.selector).then(|| Ok(code(refusal)))
        });
        let config = machine.bmc().lan_config(CHANNEL, LanQuery::default()).await.unwrap();
        let absent: Vec<_> = config.absent().map(|(place, _)| place.selector).collect();
        assert_eq!(absent, [10, 11, 21, 26], "{refusal:x}");
        assert!(config.absent().all(|(_, why)| matches!(why, Absent::NotSupported(_))));
        assert_eq!(config.address(), Ok(ip(1)));
    }
}

#[tokio::test]
async fn what_is_broken_or_denied_is_told_apart_from_what_is_not_there() {
    let machine = Machine::new();
    machine.world().lan.parameters.insert((12, 0, 0), vec![1, 2]);
    machine.hook(|_, request| {
        let get = of::<GetLanConfigurationParameters>(request)?;
        (get.selector == 16).then(|| Ok(code(0xd4)))
    });
    let config = machine.bmc().lan_config(CHANNEL, LanQuery::default()).await.unwrap();
    assert!(matches!(config.gateway(), Err(Absent::Malformed(_))));
    assert!(matches!(config.community(), Err(Absent::Refused(_))));
}

#[tokio::test]
async fn a_channel_that_is_no_lan_is_one_error_and_soon() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let error = bmc.lan_config(Channel::new(2), LanQuery::default()).await.unwrap_err();
    assert!(error.to_string().contains("there is no channel 2"), "{error}");
    assert_eq!(machine.requests(), 4);
    // So is a BMC that has no such command, or wants more of a privilege.
    for refusal in [0xc1, 0xd4] {
        machine.hook(move |_, request| {
            of::<GetLanConfigurationParameters>(request).map(|_| Ok(code(refusal)))
        });
        let error = bmc.lan_config(CHANNEL, LanQuery::default()).await.unwrap_err();
        assert_eq!((error.completion().unwrap().0, machine.requests()), (refusal, 1));
    }
}

#[tokio::test]
async fn suites_have_the_privileges_that_go_with_their_numbers() {
    let machine = Machine::new();
    // Filled up with zeros, as some have it; suite 3 is on, 2 too, although it is not listed.
    machine.world().lan.parameters.insert((23, 0, 0), [&[0, 0, 3, 17][..], &[0; 13]].concat());
    machine.world().lan.parameters.insert((24, 0, 0), vec![0, 0, 0x43, 0, 0, 0, 0, 0, 0]);
    let suites = async |count: Option<u8>| {
        let mut parameters = machine.world().lan.parameters.clone();
        match count {
            Some(count) => parameters.insert((22, 0, 0), vec![count]),
            None => parameters.remove(&(22, 0, 0)),
        };
        machine.world().lan.parameters = parameters;
        let config = machine.bmc().lan_config(CHANNEL, LanQuery::default()).await.unwrap();
        config.suites().unwrap()
    };
    for count in [Some(3), None] {
        let suites = suites(count).await;
        let all: Vec<_> = suites.iter().map(|s| (s.suite.0, s.listed, s.level)).collect();
        let expected = [
            (0, Some(true), Ok(None)),
            (3, Some(true), Ok(Some(Privilege::Administrator))),
            (17, Some(true), Err(NoLevel::NoPlace)),
            (2, Some(false), Ok(Some(Privilege::Operator))),
        ];
        assert_eq!(all, expected);
    }
    machine.world().lan.parameters.remove(&(23, 0, 0));
    let told: Vec<_> = suites(None).await.iter().map(|s| (s.suite, s.listed)).collect();
    assert_eq!(told, [(CipherSuite(2), None), (CipherSuite(3), None)]);
}

#[tokio::test]
async fn ipv6_is_read_as_far_as_there_is_some() {
    let machine = Machine::new();
    {
        let lan = &mut machine.world().lan.parameters;
        for (selector, data) in [
            (50, vec![3]),
            (51, vec![2]),
            (53, vec![64]),
            (55, vec![1, 1, 1]),
            (57, vec![0]),
            (60, vec![1]),
            (62, vec![0]),
            (64, vec![2]),
            (65, vec![0; 16]),
            (69, [&[0xfe, 0x80][..], &[0; 13], &[1]].concat()),
            (70, vec![2, 0, 0, 0, 0, 7]),
            (71, vec![64]),
            (72, vec![0; 16]),
            (73, vec![0]),
            (78, vec![0]),
            (79, vec![0]),
        ] {
            lan.insert((selector, 0, 0), data);
        }
        let six = [&[0x20, 1, 0x0d, 0xb8][..], &[0; 12]].concat();
        lan.insert((56, 0, 0), [&[0, 0x80][..], &six, &[64, 0]].concat());
        lan.insert((59, 0, 0), [&[0, 2][..], &six, &[128, 0]].concat());
        lan.insert((61, 0, 0), [&[0, 0, 4, 0, 3, 0, 1][..], &[0; 11]].concat());
    }
    let query = LanQuery { ipv6: true, no_ipv4: true, ..LanQuery::default() };
    let config = machine.bmc().lan_config(CHANNEL, query).await.unwrap();
    assert_eq!(config.static_address6(0).unwrap().prefix_length, 64);
    assert_eq!(config.dynamic_address6(0).unwrap().prefix_length, 128);
    assert_eq!(config.duid(true, 0), Ok(vec![0, 3, 0, 1]));
    assert_eq!(config.duid(false, 0), Err(Absent::NotAsked));
    // Of a router that is not set nothing more is asked.
    assert_eq!(config.static_router(false).mac, Err(Absent::NotAsked));
    assert_eq!(config.static_router(true).prefix_length, Ok(64));
    let absent: Vec<_> = config.absent().map(|(place, _)| place).collect();
    assert_eq!(absent, [Place::one(52), Place::one(54)]);
    assert_eq!(machine.requests(), 6 + 2 + 3 + 1 + 1 + 4 + 2 + 2);
}

#[tokio::test]
async fn counters_are_cleared_once_and_a_lost_answer_is_looked_up() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    let cleared = bmc.clear_lan_statistics(CHANNEL).await.unwrap();
    assert_eq!((cleared.before.ip_received, cleared.done), (502, Done::Accepted));
    assert_eq!(bmc.lan_statistics(CHANNEL).await.unwrap().ip_received, 1);
    machine.world().lan.received = 400;
    for carried_out in [true, false] {
        machine.hook(move |world, request| {
            let get = of::<GetIpUdpRmcpStatistics>(request)?;
            if !get.clear {
                return None;
            }
            if carried_out {
                world.answer(request);
            }
            Some(Err(lost(request)))
        });
        machine.world().lan.received = 400;
        let before = machine.count::<GetIpUdpRmcpStatistics>();
        match (carried_out, bmc.clear_lan_statistics(CHANNEL).await) {
            (true, Ok(cleared)) => assert!(matches!(cleared.done, Done::Proven(_))),
            (false, Err(error)) => assert!(error.is_unknown(), "{error}"),
            (_, other) => panic!("{other:?}"),
        }
        assert_eq!(machine.count::<GetIpUdpRmcpStatistics>() - before, 3);
    }
}

#[tokio::test]
async fn arps_are_suspended_and_what_goes_on_is_told() {
    let machine = Machine::new();
    let suspend = ArpControl { gratuitous: true, responses: true };
    let now = machine.bmc().suspend_arps(CHANNEL, suspend).await.unwrap();
    assert_eq!(now, ArpControl::default());
    let now = machine.bmc().suspend_arps(CHANNEL, ArpControl::default()).await.unwrap();
    assert_eq!(now, ArpControl { responses: true, gratuitous: false });
    assert_eq!(machine.count::<SuspendBmcArps>(), 2);
}
