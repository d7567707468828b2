//! The relay's threads: one reads what consoles send, one per console reads what the BMC answers,
//! one sends, so that a delayed datagram holds up no other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Direction, Packet, Verdict};

/// What decides about a datagram.
pub(super) type Hook = Box<dyn FnMut(Direction, &[u8]) -> Verdict + Send>;

/// What the threads share with the test.
pub(super) struct Relay {
    started: Instant,
    started_at: SystemTime,
    stopped: AtomicBool,
    packets: Mutex<Vec<Packet>>,
    hook: Mutex<(Hook, Sender<Job>)>,
}

/// A datagram on its way, with the socket that sends it.
struct Job {
    due: Instant,
    /// Keeps the order of what is due at the same instant.
    order: u64,
    from: Arc<UdpSocket>,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// Starts the threads.
pub(super) fn start(
    front: UdpSocket,
    bmc: SocketAddr,
    hook: Hook,
) -> (Arc<Relay>, Vec<JoinHandle<()>>) {
    let (sender, jobs) = mpsc::channel();
    let relay = Arc::new(Relay {
        started: Instant::now(),
        started_at: SystemTime::now(),
        stopped: AtomicBool::new(false),
        packets: Mutex::default(),
        hook: Mutex::new((hook, sender)),
    });
    let front = Arc::new(front);
    let reader = {
        let relay = Arc::clone(&relay);
        thread::spawn(move || relay.read_consoles(&front, bmc))
    };
    let mover = {
        let relay = Arc::clone(&relay);
        thread::spawn(move || relay.deliver(&jobs))
    };
    (relay, vec![reader, mover])
}

/// The loopback address of the same family as `addr`, any port.
pub(super) const fn loopback_like(addr: SocketAddr) -> SocketAddr {
    match addr {
        SocketAddr::V4(_) => SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        SocketAddr::V6(_) => SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
    }
}

impl Relay {
    /// What was recorded.
    pub(super) fn packets(&self) -> MutexGuard<'_, Vec<Packet>> {
        self.packets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time since 1970 of the first packet's zero.
    pub(super) fn started_at(&self) -> Duration {
        self.started_at.duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// Lets every thread end within a tick.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Reads the socket that consoles send to, and makes a socket towards the BMC for each.
    fn read_consoles(self: &Arc<Self>, front: &Arc<UdpSocket>, bmc: SocketAddr) {
        let mut consoles: HashMap<SocketAddr, (Arc<UdpSocket>, JoinHandle<()>)> = HashMap::new();
        self.read(front, |console, bytes| {
            let (back, _) = consoles.entry(console).or_insert_with(|| {
                let back = UdpSocket::bind(loopback_like(bmc)).expect("a loopback socket");
                let back = Arc::new(back);
                let (relay, front) = (Arc::clone(self), Arc::clone(front));
                let socket = Arc::clone(&back);
                let answers = thread::spawn(move || {
                    relay.read(&socket, |_, bytes| {
                        relay.judge(Direction::ToConsole, console, &front, console, bytes);
                    });
                });
                (back, answers)
            });
            self.judge(Direction::ToBmc, console, back, bmc, bytes);
        });
        for (_, answers) in consoles.into_values() {
            answers.join().expect("the hook does not panic");
        }
    }

    /// Gives every datagram that arrives at `socket` to `each`, with its sender, until stopped.
    fn read(&self, socket: &UdpSocket, mut each: impl FnMut(SocketAddr, &[u8])) {
        let mut buffer = vec![0; 65536];
        socket.set_read_timeout(Some(TICK)).expect("a tick is not zero");
        while !self.is_stopped() {
            match socket.recv_from(&mut buffer) {
                Ok((length, from)) => each(from, &buffer[..length]),
                Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                // An ICMP error for something sent earlier: to the relay just a loss.
                Err(err) if err.kind() == ErrorKind::ConnectionRefused => {}
                Err(err) => panic!("the tap cannot receive: {err}"),
            }
        }
    }

    /// Records a datagram, asks the hook, and queues what the hook lets arrive.
    fn judge(
        &self,
        direction: Direction,
        console: SocketAddr,
        from: &Arc<UdpSocket>,
        to: SocketAddr,
        bytes: &[u8],
    ) {
        // Held throughout, so that the record, the hook and the queue see the same order. Poisoned
        // means that the hook panicked: the relay is over, and dropping it will say so.
        let Ok(mut hook) = self.hook.lock() else { return };
        let (hook, jobs) = &mut *hook;
        let mut packets = self.packets();
        let order = packets.len() as u64;
        let at = self.started.elapsed();
        packets.push(Packet { at, direction, console, bytes: bytes.to_vec() });
        drop(packets);

        let (copies, bytes) = match hook(direction, bytes) {
            Verdict::Pass => (vec![Duration::ZERO], bytes.to_vec()),
            Verdict::Drop => (Vec::new(), Vec::new()),
            Verdict::Delay(delay) => (vec![delay], bytes.to_vec()),
            Verdict::Duplicate => (vec![Duration::ZERO; 2], bytes.to_vec()),
            Verdict::Copies(delays) => (delays, bytes.to_vec()),
            Verdict::Replace(other) => (vec![Duration::ZERO], other),
        };
        let now = Instant::now();
        for delay in copies {
            let (due, from, bytes) = (now + delay, Arc::clone(from), bytes.clone());
            // The other end is gone only when the relay is stopping.
            let _ = jobs.send(Job { due, order, from, to, bytes });
        }
    }

    /// Sends what is due, until stopped.
    fn deliver(&self, jobs: &Receiver<Job>) {
        let mut waiting = BinaryHeap::new();
        while !self.is_stopped() {
            let now = Instant::now();
            while waiting.peek().is_some_and(|Reverse(job): &Reverse<Job>| job.due <= now) {
                let Some(Reverse(Job { from, to, bytes, .. })) = waiting.pop() else { break };
                // A refused datagram is a lost one.
                let _ = from.send_to(&bytes, to);
            }
            let due = waiting.peek().map_or(TICK, |Reverse(job)| job.due.duration_since(now));
            match jobs.recv_timeout(due.min(TICK)) {
                Ok(job) => waiting.push(Reverse(job)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packets = self.packets().len();
        f.debug_struct("Relay").field("packets", &packets).finish_non_exhaustive()
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.order) == (other.due, other.order)
    }
}

impl Eq for Job {}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Job {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

/// How long a thread may take to notice that the relay is over.
const TICK: Duration = Duration::from_millis(20);
