//! Everything that a console sends is sent a second time, from its own address or from a stranger's:
//! nothing is done twice, and the console's session goes on as if nothing were.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use common::counted::Counted;
use common::{freeipmi_at, ipmitool_at};
use ipmi_bmc::platform::PowerSignal;
use ipmi_client::{Credentials, Endpoint};
use ipmi_wire::cmd::chassis::PowerAction;
use ipmi_wire::session::CipherSuite;
use lantern_testkit::peers::Peer;
use lantern_testkit::tap::{Direction, Tap, Verdict};

/// Who repeats what a console sends.
#[derive(Clone, Copy, Debug)]
enum Repeater {
    /// The line, at once and again later.
    Line,
    /// The same, but only inside the session.
    LineInside,
    /// A stranger, before the console's own datagram arrives.
    StrangerFirst,
    /// A stranger, once it has been answered.
    StrangerLater,
}

const REPEATERS: [Repeater; 3] = [Repeater::Line, Repeater::StrangerFirst, Repeater::StrangerLater];

/// FreeIPMI gives up ("unassemble_ipmi_rmcpplus_pkt: Success") when a BMC's answer in the handshake
/// arrives twice, be the BMC `ipmi_sim` or ours; so of the handshake, it sees nothing twice.
const FOR_FREEIPMI: [Repeater; 3] =
    [Repeater::LineInside, Repeater::StrangerFirst, Repeater::StrangerLater];

/// A relay on which everything to the BMC is repeated, and the stranger's socket.
fn repeating(bmc: SocketAddr, repeater: Repeater) -> (Tap, Arc<UdpSocket>) {
    let stranger = Arc::new(UdpSocket::bind("127.0.0.3:0").unwrap());
    let socket = Arc::clone(&stranger);
    let mut before: Option<Vec<u8>> = None;
    let tap = Tap::with_hook(bmc, move |direction, bytes| {
        if direction == Direction::ToConsole {
            return Verdict::Pass;
        }
        match repeater {
            Repeater::LineInside if bytes[4] != 6 || bytes[6..10] == [0; 4] => Verdict::Pass,
            Repeater::Line | Repeater::LineInside => {
                Verdict::Copies([0, 0, 20, 300].map(Duration::from_millis).to_vec())
            }
            Repeater::StrangerFirst => {
                socket.send_to(bytes, bmc).unwrap();
                Verdict::Delay(Duration::from_millis(5))
            }
            Repeater::StrangerLater => {
                if let Some(before) = before.replace(bytes.to_vec()) {
                    socket.send_to(&before, bmc).unwrap();
                }
                Verdict::Pass
            }
        }
    });
    (tap, stranger)
}

/// What the BMC told the stranger: payload types, or FFh for a message outside of sessions.
fn answers_to(stranger: &UdpSocket) -> Vec<u8> {
    stranger.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut buffer = [0; 2048];
    let mut kinds = Vec::new();
    while let Ok(length) = stranger.recv(&mut buffer) {
        let datagram = &buffer[..length];
        let sessionless = datagram[4] == 0 && datagram[9..13] == [0; 4];
        assert!(datagram[4] == 6 || sessionless, "{datagram:02x?}");
        kinds.push(if datagram[4] == 6 { datagram[5] & 0x3f } else { 0xff });
    }
    kinds
}

/// Runs `talk`, which has to power the machine off and on and to reset it, on every such line.
fn on_every_line(repeaters: [Repeater; 3], talk: impl Fn(SocketAddr, u8)) {
    for suite in [17, 2] {
        for repeater in repeaters {
            let bmc = Counted::start();
            let (tap, stranger) = repeating(bmc.addr, repeater);
            talk(tap.addr(), suite);
            let expected = [PowerSignal::Off, PowerSignal::On, PowerSignal::Reset];
            assert_eq!(bmc.settled_signals(), expected, "{repeater:?}, suite {suite}");
            // What anybody may ask, and refusals of what only the console may.
            let told = answers_to(&stranger);
            let fine = |kind: &u8| matches!(kind, 0x11 | 0x13 | 0x15 | 0xff);
            assert!(told.iter().all(fine), "{repeater:?}, suite {suite}: {told:02x?}");
            assert_eq!(bmc.take_signals(), [], "{repeater:?}, suite {suite}, afterwards");
        }
    }
}

#[test]
fn ipmitool_works_on_and_nothing_is_done_twice() {
    if Peer::find("ipmitool").is_none() {
        return;
    }
    on_every_line(REPEATERS, |addr, suite| {
        let tool = ipmitool_at(addr, suite).unwrap();
        for (command, says) in [
            ("chassis power off", "Down/Off"),
            ("chassis power status", "is off"),
            ("chassis power on", "Up/On"),
            ("chassis power reset", "Reset"),
            ("sdr list", "CPU1 Temp"),
        ] {
            let output = tool.run(command);
            assert!(output.expect_success().contains(says), "{output}");
        }
    });
}

#[test]
fn freeipmi_works_on_and_nothing_is_done_twice() {
    if Peer::find("ipmipower").is_none() {
        return;
    }
    on_every_line(FOR_FREEIPMI, |addr, suite| {
        let tool = freeipmi_at(addr, suite).unwrap();
        for (option, says) in
            [("--off", ": ok\n"), ("--stat", ": off\n"), ("--on", ": ok\n"), ("--reset", ": ok\n")]
        {
            let output = tool.run("ipmipower", option);
            assert!(output.expect_success().ends_with(says), "{output}");
        }
        tool.run("ipmi-sensors", "").expect_success();
    });
}

#[test]
fn our_client_works_on_and_nothing_is_done_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    on_every_line(REPEATERS, |addr, suite| {
        runtime.block_on(async {
            let endpoint = Endpoint::bind().unwrap();
            let credentials = Credentials {
                suites: vec![CipherSuite(suite)],
                ..Credentials::new(b"admin", b"Complex_Pass").unwrap()
            };
            let client = ipmi_client::Bmc::new(&endpoint, addr, credentials);
            for action in [PowerAction::Off, PowerAction::On, PowerAction::Reset] {
                client.power(action).await.unwrap();
            }
            assert!(client.is_powered_on().await.unwrap());
            client.sensors(true).await.unwrap();
            endpoint.shutdown().await;
        });
    });
}
