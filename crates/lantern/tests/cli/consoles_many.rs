//! Many consoles in one process, over lines that lose one datagram in a hundred: nothing that is
//! typed or shown is missing, and each needs little.
//!
//! In CI there are twenty. `cargo xtask soak` runs it with a release build and LANTERN_CONSOLES, which
//! is how many there are to be: then memory is held to its limit, too.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lantern_console::{Attach, Client, State, Told};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::consoles::Server;
use crate::sim::Fleet;
use crate::support::signal_to;

/// In CI.
const FEW: usize = 20;
/// What the issue allows each, in KiB, with all that is kept of what it showed.
const EACH: u64 = 150;
/// Lines that are typed at each, and the characters of one: each is shown twice, and 64 KiB are kept.
const LINES: u64 = 200;
const WIDTH: usize = 180;
/// One datagram in so many is lost, either way.
const LOSS: u64 = 100;

/// Numbers that look like chance and are always the same.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// What is typed at a console in this line of it.
fn line(console: usize, number: u64) -> String {
    let mut dice = Dice((console as u64 + 1) * 1_000_003 + number + 1);
    let mut text = format!("{console}.{number}:");
    while text.len() < WIDTH {
        text.push_str(&format!("{:016x}", dice.throw()));
    }
    text.truncate(WIDTH);
    text
}

/// Bad lines to these BMCs; where to reach each by its own.
struct Lines {
    addresses: Vec<SocketAddr>,
    _stop: oneshot::Sender<()>,
}

impl Lines {
    fn start(bmcs: Vec<SocketAddr>) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let mut lines = JoinSet::new();
                let mut addresses = Vec::new();
                for (nth, bmc) in bmcs.into_iter().enumerate() {
                    let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                    addresses.push(front.local_addr().unwrap());
                    let back = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                    back.connect(bmc).await.unwrap();
                    lines.spawn(lossy(front, back, Dice(nth as u64 * 7919 + 1)));
                }
                tell.send(addresses).unwrap();
                let _ = stopped.await;
            });
        });
        Self { addresses: told.recv().unwrap(), _stop: stop }
    }
}

/// Passes on what is not lost. One console server is all that is at the other end.
async fn lossy(front: UdpSocket, back: UdpSocket, mut dice: Dice) {
    let (mut there, mut here) = ([0; 2048], [0; 2048]);
    let mut console = None;
    loop {
        tokio::select! {
            Ok((count, from)) = front.recv_from(&mut there) => {
                console = Some(from);
                if !dice.throw().is_multiple_of(LOSS) {
                    let _ = back.send(&there[..count]).await;
                }
            }
            Ok(count) = back.recv(&mut here) => {
                let arrives = !dice.throw().is_multiple_of(LOSS);
                if let Some(to) = console.filter(|_| arrives) {
                    let _ = front.send_to(&here[..count], to).await;
                }
            }
        }
    }
}

/// Types at one console, and reads until all of it was shown; how many bytes that was.
async fn converse(socket: PathBuf, console: usize) -> usize {
    let client = Client::connect(&socket).await.unwrap();
    let who = "test".to_owned();
    let attach = Attach { console: format!("n{console}"), read_only: false, steal: false, who };
    let attached = client.attach(attach).await.unwrap();
    assert!(attached.writes);
    let (mut listener, mut typist) = (attached.listener, attached.typist);
    let typing = tokio::spawn(async move {
        typist.write(b"\rroot\rx\r").await.unwrap();
        for number in 0..LINES {
            typist.write(format!("echo {}\r", line(console, number)).as_bytes()).await.unwrap();
        }
        typist
    });
    let mut shown = Vec::new();
    let last = format!("{}\r\n", line(console, LINES - 1));
    let mut times = 0;
    while times < 2 {
        let before = shown.len().saturating_sub(last.len() - 1);
        match listener.next().await {
            Told::Characters(characters) => shown.extend_from_slice(&characters),
            Told::Note(note) => assert!(!note.contains("skipped"), "n{console}: {note}"),
            Told::Ended(why) => panic!("n{console}: {why}"),
        }
        let text = &shown[before..];
        times += text.windows(last.len()).filter(|part| *part == last.as_bytes()).count();
    }
    drop(typing.await.unwrap());
    // As it was typed, and as the machine has understood it, line by line.
    let text = String::from_utf8(shown).unwrap();
    let mut rest = text.as_str();
    for number in 0..LINES {
        let line = line(console, number);
        let expected = format!("echo {line}\r\n{line}\r\n");
        let at = rest.find(&expected);
        let at = at.unwrap_or_else(|| panic!("n{console}: line {number} is not what was typed"));
        // Between them is a prompt and nothing else.
        assert!(number == 0 || at < 40, "n{console}: {at} bytes too many before line {number}");
        rest = &rest[at + expected.len()..];
    }
    text.len()
}

async fn open(socket: &Path, count: usize) {
    let started = Instant::now();
    loop {
        let rows = Client::connect(socket).await.unwrap().list().await.unwrap();
        let open = rows.iter().filter(|row| row.state == State::Open).count();
        if rows.len() == count && open == count {
            return;
        }
        let away: Vec<_> = rows.iter().filter_map(|row| row.why.as_ref()).take(3).collect();
        assert!(started.elapsed() < Duration::from_secs(120), "{open} of {count}: {away:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The resident memory of a process, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn of_many_consoles_none_loses_anything_and_each_needs_little() {
    let wanted = std::env::var("LANTERN_CONSOLES").ok().map(|text| text.parse().unwrap());
    let count: usize = wanted.unwrap_or(FEW);
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let fleet =
        Fleet::start(&["sim", "--count", &count.to_string(), "--base", "127.131.0.1", "-p", "0"]);
    let first: SocketAddr = fleet.first.parse().unwrap();
    let address = |nth: usize| {
        let bits = Ipv4Addr::new(127, 131, 0, 1).to_bits() + u32::try_from(nth).unwrap();
        SocketAddr::from((Ipv4Addr::from_bits(bits), first.port()))
    };
    let lines = Lines::start((0..count).map(address).collect());
    let names: Vec<_> = (0..count).map(|nth| format!("n{nth}")).collect();
    let hosts = names.iter().map(String::as_str).zip(&lines.addresses);
    let hosts: Vec<_> = hosts.map(|(name, address)| (name, address.to_string())).collect();
    // One first: what all have in common is there then.
    let mut server = Server::start(&hosts, "[[console]]\nhosts = \"n0\"\n");
    let socket = server.socket();
    open(&socket, 1).await;
    let before = resident(server.process());
    server.rewrite(&hosts, "[[console]]\nhosts = \"@all\"\n");
    signal_to(server.child(), "-HUP");
    let started = Instant::now();
    open(&socket, count).await;
    let (up_after, idle) = (started.elapsed(), resident(server.process()));

    let started = Instant::now();
    let mut talks = JoinSet::new();
    for console in 0..count {
        talks.spawn(converse(socket.clone(), console));
    }
    let mut bytes = 0;
    while let Some(talk) = talks.join_next().await {
        bytes += talk.unwrap();
    }
    let took = started.elapsed();
    let full = resident(server.process());
    for nth in [0, count - 1] {
        let log = server.log(&format!("n{nth}"));
        for number in 0..LINES {
            assert_eq!(log.matches(&line(nth, number)).count(), 2, "the log of n{nth}");
        }
        assert!(!log.contains("the console is back"), "{log}");
    }
    let stopped = server.stop();
    let given_back = |name: &&String| server.log(name).contains("[the console is given back]");
    assert_eq!(names.iter().filter(given_back).count(), count);
    let others = u64::try_from(count - 1).unwrap().max(1);
    let each = |now: u64| now.saturating_sub(before) / others;
    println!(
        "{count} consoles open after {:.1} s; {} KiB shown in {:.1} s at 1 % loss, nothing missing; \
         {} KiB resident each when silent, {} KiB with a full backlog, {before} KiB for the first; all given back in {:.1} s",
        up_after.as_secs_f64(),
        bytes / 1024,
        took.as_secs_f64(),
        each(idle),
        each(full),
        stopped.as_secs_f64(),
    );
    if wanted.is_some() {
        assert!(each(full) <= EACH, "{} KiB each", each(full));
        assert!(stopped < Duration::from_secs(5), "{stopped:?}");
    }
}
