//! The relay against an echo server that answers each datagram with its bytes reversed.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

/// Runs until the test process ends.
fn echo() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let answer: Vec<u8> = buffer[..length].iter().rev().copied().collect();
            socket.send_to(&answer, from).unwrap();
        }
    });
    addr
}

/// A console that waits at most `patience` for each datagram.
struct Console(UdpSocket);

impl Console {
    fn to(tap: &Tap) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(tap.addr()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Self(socket)
    }

    fn send(&self, bytes: &[u8]) {
        assert_eq!(self.0.send(bytes).unwrap(), bytes.len());
    }

    fn recv(&self) -> Vec<u8> {
        let mut buffer = [0; 2048];
        let length = self.0.recv(&mut buffer).expect("an answer");
        buffer[..length].to_vec()
    }
}

#[test]
fn passes_counts_and_records() {
    let tap = Tap::start(echo());
    let (a, b) = (Console::to(&tap), Console::to(&tap));
    a.send(b"ab");
    assert_eq!(a.recv(), b"ba");
    b.send(b"cd");
    assert_eq!(b.recv(), b"dc");
    assert_eq!((tap.count(Direction::ToBmc), tap.count(Direction::ToConsole)), (2, 2));

    let packets = tap.packets();
    let what: Vec<_> = packets.iter().map(|p| (p.direction, p.bytes.as_slice())).collect();
    use Direction::{ToBmc, ToConsole};
    assert_eq!(what, [(ToBmc, &b"ab"[..]), (ToConsole, b"ba"), (ToBmc, b"cd"), (ToConsole, b"dc")]);
    assert_eq!(packets[1].console, a.0.local_addr().unwrap());
    assert_eq!(packets[3].console, b.0.local_addr().unwrap());
    tap.clear();
    assert_eq!(tap.count(Direction::ToBmc), 0);
}

#[test]
fn verdicts_are_carried_out_on_either_way() {
    let mut requests = 0;
    let tap = Tap::with_hook(echo(), move |direction, bytes| {
        if direction == Direction::ToConsole {
            return match bytes {
                b"5" => Verdict::Replace(b"five".to_vec()),
                _ => Verdict::Pass,
            };
        }
        requests += 1;
        match requests {
            1 => Verdict::Drop,
            2 => Verdict::Duplicate,
            3 => Verdict::Delay(Duration::from_millis(500)),
            _ => Verdict::Pass,
        }
    });
    let console = Console::to(&tap);
    for request in [b"1", b"2", b"3", b"4", b"5"] {
        console.send(request);
    }
    // The first is lost, the second doubled, the third overtaken, the answer to the fifth changed.
    let mut answers = Vec::new();
    answers.extend((0..5).map(|_| console.recv()));
    assert_eq!(answers, [&b"2"[..], b"2", b"4", b"five", b"3"]);
    // What was sent is what is recorded.
    assert_eq!(tap.count(Direction::ToBmc), 5);
    assert_eq!(tap.packets().last().map(|p| p.bytes.clone()), Some(b"3".to_vec()));
}

#[test]
fn a_bmc_that_is_not_there_is_just_silent() {
    let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let tap = Tap::start(nobody);
    let console = Console::to(&tap);
    console.0.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    for _ in 0..3 {
        console.send(b"?");
        assert!(console.0.recv(&mut [0; 8]).is_err());
    }
    assert_eq!((tap.count(Direction::ToBmc), tap.count(Direction::ToConsole)), (3, 0));
}

#[test]
#[should_panic(expected = "the tap's hook panicked")]
fn an_assertion_in_the_hook_fails_the_test() {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let tap = Tap::with_hook(echo(), move |_, _| {
        seen.fetch_add(1, Ordering::SeqCst);
        panic!("on purpose");
    });
    Console::to(&tap).send(b"x");
    for _ in 0..500 {
        if asked.load(Ordering::SeqCst) > 0 {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
}
