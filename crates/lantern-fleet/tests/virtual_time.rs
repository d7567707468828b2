//! The engine with whole clients and whole BMCs, over a network and a clock that exist in memory only.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::ControlFlow;
use std::time::Duration;

use ipmi_bmc::nvram::Memory;
use ipmi_bmc::{Bmc, LanPolicy, LogPolicy, Network, Settings, User};
use ipmi_client::{Credentials, Endpoint, Incoming, Wire};
use ipmi_session::managed::Limits;
use ipmi_session::{Quirks, Secret};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::session::Username;
use lantern_bmcd::personality::reference::reference;
use lantern_bmcd::platform::sim::SimPlatform;
use lantern_fleet::engine::{End, Event, Schedule, run};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

const BMCS: usize = 1000;
const EPOCH: u32 = 1_800_000_000;
/// What a datagram takes each way.
const DELAY: Duration = Duration::from_millis(10);
const DEADLINE: Duration = Duration::from_secs(3);
/// Until all have started.
const START: Duration = Duration::from_millis(40);

fn address(nth: usize) -> SocketAddr {
    let first = Ipv4Addr::new(10, 0, 0, 1).to_bits();
    (Ipv4Addr::from_bits(first + u32::try_from(nth).unwrap()), 623).into()
}

fn nth_of(address: SocketAddr) -> usize {
    (0..BMCS).find(|nth| self::address(*nth) == address).unwrap()
}

/// A generator that anybody can guess (SplitMix64), which is what a test wants.
fn seeded(mut state: u64) -> impl FnMut(&mut [u8]) {
    move |bytes| {
        for byte in bytes {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 56) as u8;
        }
    }
}

/// Every other one is there; the machines of every third of those are off.
fn bmcs(now: std::time::Instant) -> Vec<Option<Bmc>> {
    let settings = Settings {
        guid: Guid([7; 16]),
        users: vec![User {
            id: 2,
            name: Username::new(b"admin").unwrap(),
            password: Secret::new(b"Complex_Pass").unwrap(),
            limit: Privilege::Administrator,
            enabled: true,
        }],
        lan: LanPolicy::default(),
        limits: Limits::default(),
        quirks: Quirks::NONE,
        epoch: EPOCH,
        log: LogPolicy::default(),
        nonvolatile: false,
    };
    let machine = |on| Box::new(SimPlatform::new(1, now, on));
    let first = Bmc::new(now, reference(EPOCH), settings, machine(true), Memory::default());
    let sibling = |nth: usize| {
        let guid = Guid([(nth % 251) as u8; 16]);
        first.sibling(now, guid, Network::default(), machine(is_on(nth)))
    };
    (0..BMCS).map(|nth| is_there(nth).then(|| sibling(nth))).collect()
}

const fn is_there(nth: usize) -> bool {
    nth.is_multiple_of(2)
}

const fn is_on(nth: usize) -> bool {
    !nth.is_multiple_of(6)
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_bmcs_of_which_half_are_silent_all_are_told_of_by_the_deadline() {
    let (to_net, mut from_console) = mpsc::unbounded_channel::<(SocketAddr, Vec<u8>)>();
    let (to_console, from_net) = mpsc::unbounded_channel();
    let wire = Wire { outgoing: to_net, incoming: from_net, entropy: Box::new(seeded(1)) };
    let endpoint = Endpoint::over(wire);
    let mut bmcs = bmcs(Instant::now().into_std());
    let network = tokio::spawn(async move {
        let mut entropy = seeded(2);
        let console = SocketAddr::from(([192, 0, 2, 1], 40_000));
        while let Some((to, datagram)) = from_console.recv().await {
            let Some(bmc) = bmcs.get_mut(nth_of(to)).and_then(Option::as_mut) else { continue };
            let now = Instant::now().into_std();
            if let Some(answer) = bmc.handle_datagram(now, console, &datagram, &mut entropy) {
                let to_console = to_console.clone();
                tokio::spawn(async move {
                    sleep(DELAY * 2).await;
                    let _ = to_console.send(Incoming::Datagram(to, answer));
                });
            }
        }
    });

    let begun = Instant::now();
    let operation = |nth| {
        let mut credentials = Credentials::new(b"admin", b"Complex_Pass").unwrap();
        credentials.privilege = Privilege::User;
        credentials.timing.deadline = DEADLINE;
        let bmc = ipmi_client::Bmc::new(&endpoint, address(nth), credentials);
        async move {
            let power = bmc.is_powered_on().await;
            bmc.close().await;
            power
        }
    };
    let schedule = Schedule { deadline: Some(DEADLINE * 2), ..Schedule::default() };
    let mut told = vec![None; BMCS];
    run(BMCS, schedule, std::future::pending(), operation, |event| {
        if let Event::Ended(nth, end) = event {
            let power = match end {
                End::Done(Ok(power)) => Ok(power),
                End::Done(Err(error)) => Err(error.to_string()),
                end => panic!("{nth}: {end:?}"),
            };
            assert!(told[nth].replace((power, begun.elapsed())).is_none(), "{nth}: told twice");
        }
        ControlFlow::Continue(())
    })
    .await;
    for (nth, told) in told.into_iter().enumerate() {
        match told.unwrap() {
            (Ok(power), at) => {
                assert!(is_there(nth) && power == is_on(nth), "{nth}: {power}");
                // Four exchanges, and nothing twice, however many others there are.
                assert!(at <= DELAY * 10 + START, "{nth}: {at:?}");
            }
            (Err(error), at) => {
                assert!(!is_there(nth) && error.contains("no answer"), "{nth}: {error}");
                assert!(at <= DEADLINE + START, "{nth}: {at:?}");
            }
        }
    }
    endpoint.shutdown().await;
    drop(endpoint);
    network.await.unwrap();
}
