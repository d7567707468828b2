//! Our client and our server over loopback UDP, beside the same client with OpenIPMI's `ipmi_sim`
//! and beside bare datagrams of the same sizes: all in one run, for what a machine does today is no
//! measure for tomorrow.
//!
//! Time is for one command, with so many of them under way at once, each in a session of its own.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "criterion's macros; and a panic is how a benchmark fails"
)]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ipmi_client::{Bmc, Credentials, Endpoint};
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::session::CipherSuite;
use lantern_bmcd::{Config, Server};
use lantern_testkit::peers::IpmiSim;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Get Device ID and its answer in suite 3, without the headers of UDP and IP: RMCP and session
/// header, IV, one or two blocks, trailer, code.
const REQUEST: usize = 4 + 12 + 16 + 16 + 4 + 12;
const ANSWER: usize = 4 + 12 + 16 + 32 + 4 + 12;

const CONFIG: &str = r#"
[bmc]
name = "bench"
personality = "reference"

[lan]
listen = ["127.0.0.1:0"]
suites = [17, 3]
sessions = 63

[machine]
power = "on"

[[user]]
id = 2
name = "admin"
password = "Complex_Pass"
privilege = "administrator"
"#;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Our server, in a thread and a runtime of its own, until this program ends.
fn server() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let config = Config::parse(CONFIG, Path::new("bench.toml")).unwrap();
            let mut server = Server::start(&config, None).unwrap();
            tell.send(server.addresses().first().copied()).unwrap();
            panic!("{}", server.failed().await);
        })
    });
    told.recv().unwrap().unwrap()
}

/// Whoever answers each datagram with one of the other size.
fn echo() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((_, from)) = socket.recv_from(&mut buffer) {
            socket.send_to(&[0; ANSWER], from).unwrap();
        }
    });
    address
}

/// So many bare datagrams each way, `window` of them under way.
fn bare(socket: &UdpSocket, datagrams: u64, window: u64) -> Duration {
    let started = Instant::now();
    let mut buffer = [0; 2048];
    let mut sent = 0;
    for received in 0..datagrams {
        while sent < datagrams && sent < received + window {
            socket.send(&[0; REQUEST]).unwrap();
            sent += 1;
        }
        socket.recv(&mut buffer).unwrap();
    }
    started.elapsed()
}

/// Sessions with one BMC, through one socket.
struct Console {
    runtime: Runtime,
    bmcs: Vec<Bmc>,
}

impl Console {
    fn new(address: SocketAddr, user: (&[u8], &[u8]), suite: u8, sessions: u64) -> Self {
        let runtime = runtime();
        let mut credentials = Credentials::new(user.0, user.1).unwrap();
        credentials.suites = vec![CipherSuite(suite)];
        let bmcs = runtime.block_on(async {
            let endpoint = Endpoint::bind().unwrap();
            let mut bmcs = Vec::new();
            for _ in 0..sessions {
                let bmc = Bmc::new(&endpoint, address, credentials.clone());
                bmc.connect().await.unwrap();
                bmcs.push(bmc);
            }
            bmcs
        });
        Self { runtime, bmcs }
    }

    /// So many commands for each session.
    fn run(&self, commands: u64) -> Duration {
        self.runtime.block_on(async {
            let started = Instant::now();
            let mut tasks = JoinSet::new();
            for bmc in &self.bmcs {
                let bmc = bmc.clone();
                tasks.spawn(async move {
                    for _ in 0..commands {
                        bmc.send(&GetDeviceId).await.unwrap();
                    }
                });
            }
            tasks.join_all().await;
            started.elapsed()
        })
    }

    fn close(&self) {
        self.runtime.block_on(async {
            for bmc in &self.bmcs {
                bmc.close().await;
            }
        });
    }
}

fn network(c: &mut Criterion) {
    let mut group = c.benchmark_group("network");
    let (echo, ours, sim) = (echo(), server(), IpmiSim::start());
    for sessions in [1u32, 8, 32] {
        let window = u64::from(sessions);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(echo).unwrap();
        group.bench_function(BenchmarkId::new("bare UDP", sessions), |b| {
            b.iter_custom(|iterations| bare(&socket, iterations, window));
        });
        let mut of = |name: String, address, user, suite| {
            let console = Console::new(address, user, suite, window);
            group.bench_function(BenchmarkId::new(name, sessions), |b| {
                // What is left over of the last round is not worth a thought.
                b.iter_custom(|iterations| {
                    let each = iterations.div_ceil(window);
                    console.run(each).mul_f64(iterations as f64 / (each * window) as f64)
                });
            });
            console.close();
        };
        for suite in [3, 17] {
            let user = (b"admin".as_slice(), b"Complex_Pass".as_slice());
            of(format!("our server, suite {suite}"), ours, user, suite);
        }
        if let Some(sim) = &sim {
            let account = sim.machine().accounts.first().unwrap();
            let user = (account.name.as_bytes(), account.password.as_bytes());
            of("ipmi_sim, suite 3".to_owned(), sim.addr(), user, 3);
        }
    }
    group.finish();
}

criterion_group!(benches, network);
criterion_main!(benches);
