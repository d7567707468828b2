use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

use ipmi_bmc::Origin;
use ipmi_client::{Credentials, Endpoint};
use ipmi_session::Secret;
use ipmi_session::console::{self, Call, Event, Session};
use ipmi_wire::cmd::app::{GetDeviceId, GetSystemGuid};
use ipmi_wire::cmd::chassis::{ChassisControl, GetChassisStatus, PowerAction};
use ipmi_wire::session::Username;
use ipmi_wire::{Command, Privilege, Reader, Request};

use super::*;

fn config() -> Config {
    let text = "[bmc]\nname = \"t\"\n[fleet]\ncount = 5\n\
                [[user]]\nid = 2\nname = \"admin\"\npassword = \"pw\"\n\
                privilege = \"administrator\"\n";
    Config::parse(text, Path::new("fleet.toml")).unwrap()
}

fn fleet(count: u32, base: Ipv4Addr, spread: Spread) -> FleetConfig {
    FleetConfig::new(count, SocketAddrV4::new(base, 0), spread).unwrap()
}

fn built(fleet: FleetConfig) -> Members {
    build(&config(), &fleet, &Addresses::Of(fleet))
}

fn ask<C: Command>(bmc: &mut ipmi_bmc::Bmc, now: Instant, command: &C) -> C::Response {
    let request = Request::of(command);
    let response = bmc.handle_request(now, Origin::SystemInterface, &request);
    assert!(response.completion.is_ok(), "{:?}", response.completion);
    command.decode_response(&mut Reader::new(&response.data)).unwrap()
}

/// A console of BMC `index`, without a network.
struct Console {
    index: u32,
    session: Session,
}

impl Console {
    fn log_in(members: &mut Members, now: Instant, index: u32) -> Self {
        let user = Username::new(b"admin").unwrap();
        let mut config = console::Config::new(user, Secret::new(b"pw").unwrap());
        config.privilege = Privilege::Administrator;
        let session = Session::open(now, config, 7, &mut fill_random);
        let mut console = Self { index, session };
        console.exchange(members, now);
        assert!(matches!(console.session.poll_event(), Some(Event::Established { .. })));
        console
    }

    fn exchange(&mut self, members: &mut Members, now: Instant) {
        let from = ([127, 0, 0, 1], 4000).into();
        while let Some(datagram) = self.session.poll_transmit() {
            let reply = members.receive(now, self.index, from, &datagram, &mut fill_random);
            if let Some(reply) = reply {
                self.session.handle_datagram(now, &reply, &mut fill_random);
            }
        }
    }

    fn ask<C: Command>(&mut self, members: &mut Members, now: Instant, command: &C) {
        self.session.call(now, Call::of(command), &mut fill_random);
        self.exchange(members, now);
        assert!(matches!(self.session.poll_event(), Some(Event::Answer(_, answer))
            if answer.completion.is_ok()));
    }
}

/// Lets time pass from one due time to the next; how often there was one.
fn wait(members: &mut Members, now: &mut Instant, time: Duration) -> usize {
    let (end, mut count) = (*now + time, 0);
    while let Some(due) = members.poll_timeout().filter(|due| *due <= end) {
        *now = due.max(*now);
        members.handle_timeout(*now, 1, &mut fill_random);
        count += 1;
        assert!(count < 10_000, "time stands still");
    }
    *now = end;
    count
}

#[test]
fn who_has_a_session_is_awake_and_who_has_none_sleeps() {
    let mut now = Instant::now();
    let mut members = built(fleet(1000, FleetConfig::BASE, Spread::Addresses));
    assert_eq!(members.poll_timeout(), None, "a thousand BMCs, and nothing to do");
    let mut console = Console::log_in(&mut members, now, 500);
    let scans = wait(&mut members, &mut now, Duration::from_secs(10));
    assert!((10..=20).contains(&scans), "one BMC is scanned, once a second: {scans}");
    // The machine is off for a second, whoever looks.
    console.ask(&mut members, now, &ChassisControl { action: PowerAction::Cycle });
    console.session.close(&mut fill_random);
    console.exchange(&mut members, now);
    assert!(!members.bmc(500).is_on());
    wait(&mut members, &mut now, Duration::from_secs(2));
    assert!(members.bmc(500).is_on());
    assert_eq!(members.poll_timeout(), None, "all of them sleep");
}

#[test]
fn a_login_that_is_never_finished_and_a_silent_session_end_by_themselves() {
    let mut now = Instant::now();
    let mut members = built(fleet(3, FleetConfig::BASE, Spread::Addresses));
    let _silent = Console::log_in(&mut members, now, 1);
    let user = Username::new(b"admin").unwrap();
    let other = console::Config::new(user, Secret::new(b"pw").unwrap());
    let mut begun = Session::open(now, other, 8, &mut fill_random);
    let from = ([127, 0, 0, 1], 4001).into();
    let open = begun.poll_transmit().unwrap();
    assert!(members.receive(now, 2, from, &open, &mut fill_random).is_some());
    wait(&mut members, &mut now, Duration::from_secs(59));
    assert!(!members.bmc(1).sessions().is_empty());
    wait(&mut members, &mut now, Duration::from_secs(10));
    assert!(members.bmc(1).sessions().is_empty());
    assert_eq!(members.poll_timeout(), None);
}

#[test]
fn time_takes_turns_with_traffic() {
    let now = Instant::now();
    let mut members = built(fleet(10, FleetConfig::BASE, Spread::Addresses));
    let _consoles: Vec<_> = (0..10).map(|n| Console::log_in(&mut members, now, n)).collect();
    let soon = now + Duration::from_secs(1);
    members.handle_timeout(soon, 4, &mut fill_random);
    assert!(members.poll_timeout().is_some_and(|due| due <= soon), "the others are still due");
    members.handle_timeout(soon, 100, &mut fill_random);
    assert!(members.poll_timeout().is_some_and(|due| due > soon));
}

#[test]
fn each_has_its_own_guid_and_the_same_one_at_every_start() {
    let mut guids = Vec::new();
    for _ in 0..2 {
        let mut members = built(fleet(50, FleetConfig::BASE, Spread::Addresses));
        guids.extend((0..50).map(|n| ask(members.bmc(n), Instant::now(), &GetSystemGuid).0));
    }
    assert_eq!(guids[..50], guids[50..]);
    guids.sort_unstable();
    guids.dedup();
    assert_eq!(guids.len(), 50);
}

fn console(endpoint: &Endpoint, address: SocketAddr) -> ipmi_client::Bmc {
    let mut credentials = Credentials::new(b"admin", b"pw").unwrap();
    credentials.privilege = Privilege::Operator;
    // What hangs here hangs for a reason.
    credentials.timing.deadline = Duration::from_secs(60);
    ipmi_client::Bmc::new(endpoint, address, credentials)
}

#[tokio::test]
async fn they_answer_by_address_and_differ_in_what_was_done_to_them() {
    let base = Ipv4Addr::new(127, 44, 0, 250);
    let fleet = Fleet::start(&config(), &fleet(20, base, Spread::Addresses)).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let bmcs = [0, 9, 19].map(|n| console(&endpoint, fleet.address(n).unwrap()));
    bmcs[1].send(&ChassisControl { action: PowerAction::Off }).await.unwrap();
    let mut on = Vec::new();
    for bmc in &bmcs {
        on.push(bmc.send(&GetChassisStatus).await.unwrap().power_on);
    }
    assert_eq!(on, [true, false, true]);
    assert_eq!(fleet.address(20), None);
    for bmc in bmcs {
        bmc.close().await;
    }
    fleet.stop().await;
}

#[tokio::test]
async fn where_there_is_no_bmc_nobody_answers() {
    // RMCP header, then ASF Presence Ping with tag 1. Source: IPMI v2.0 §13.2.3.
    const PING: [u8; 12] = [6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 1, 0, 0];
    let base = Ipv4Addr::new(127, 44, 1, 10);
    let fleet = Fleet::start(&config(), &fleet(2, base, Spread::Addresses)).unwrap();
    let port = fleet.address(0).unwrap().port();
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for last in [9, 12, 1, 10] {
        socket.send_to(&PING, (Ipv4Addr::new(127, 44, 1, last), port)).await.unwrap();
    }
    // The last one asked is the first that answers.
    let mut buffer = [0; 64];
    let (_, from) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(Some(from), fleet.address(0));
}

#[tokio::test]
async fn they_may_differ_by_the_port() {
    let fleet = Fleet::start(&config(), &fleet(3, Ipv4Addr::LOCALHOST, Spread::Ports)).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let addresses = [0, 1, 2].map(|n| fleet.address(n).unwrap());
    let bmcs = addresses.map(|address| console(&endpoint, address));
    bmcs[2].send(&ChassisControl { action: PowerAction::Off }).await.unwrap();
    assert!(bmcs[1].send(&GetChassisStatus).await.unwrap().power_on);
    assert!(!bmcs[2].send(&GetChassisStatus).await.unwrap().power_on);
    fleet.stop().await;
}

#[tokio::test]
async fn a_flood_at_one_of_them_does_not_keep_another_from_answering() {
    let base = Ipv4Addr::new(127, 44, 2, 1);
    let fleet = Fleet::start(&config(), &fleet(2, base, Spread::Addresses)).unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let victim = fleet.address(0).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    let bmc = console(&endpoint, fleet.address(1).unwrap());
    // As many at once as the kernel holds for us: what it drops, nobody can answer.
    let flood = async {
        loop {
            for _ in 0..100 {
                let _ = socket.send_to(b"\x06\x00\xff\x07junk", victim);
            }
            tokio::task::yield_now().await;
        }
    };
    let work = async {
        for _ in 0..20 {
            bmc.send(&GetDeviceId).await.unwrap();
        }
    };
    tokio::select! {
        () = flood => {}
        () = work => {}
    }
    fleet.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_late_comes_from_who_was_asked() {
    let base = Ipv4Addr::new(127, 44, 4, 1);
    let late = Config { faults: vec!["delay=20".parse().unwrap()], ..config() };
    let fleet = Fleet::start(&late, &fleet(2, base, Spread::Addresses)).unwrap();
    let endpoint = Endpoint::bind().unwrap();
    // The client takes no answer from another address.
    let bmc = console(&endpoint, fleet.address(1).unwrap());
    assert!(bmc.send(&GetChassisStatus).await.unwrap().power_on);
    fleet.set_faults(&[]);
    assert!(bmc.send(&GetChassisStatus).await.unwrap().power_on);
    fleet.stop().await;
}

#[tokio::test]
async fn what_cannot_be_had_is_told() {
    let base = Ipv4Addr::new(127, 44, 3, 1);
    let first = Fleet::start(&config(), &fleet(2, base, Spread::Addresses)).unwrap();
    let taken = SocketAddrV4::new(base, first.address(0).unwrap().port());
    let taken = FleetConfig::new(2, taken, Spread::Addresses).unwrap();
    let error = Fleet::start(&config(), &taken).unwrap_err();
    assert!(error.to_string().starts_with("cannot listen on 0.0.0.0:"), "{error}");
}
