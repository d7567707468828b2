//! A BMC whose machine counts what is done to it: what a console did twice shows here, and nowhere
//! else.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::Memory;
use ipmi_bmc::platform::{
    IdentifyLight, Measurement, Platform, PlatformError, PlatformEvent, PowerSignal, Scan,
};
use ipmi_bmc::{LanPolicy, LogPolicy, Reply, Settings, User};
use ipmi_io::fill_random;
use ipmi_session::managed::Limits;
use ipmi_session::{Quirks, Secret};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::session::{CipherSuite, Username};
use lantern_bmcd::personality::reference::reference;

/// A BMC on a free loopback port, with the administrator of the reference BMC; stopped when dropped.
pub struct Counted {
    pub addr: SocketAddr,
    signals: Arc<Mutex<Vec<PowerSignal>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Counted {
    pub fn start() -> Self {
        Self::with(LanPolicy {
            suites: [17, 3, 2].map(|n| (CipherSuite(n), Privilege::Administrator)).to_vec(),
            ..LanPolicy::default()
        })
    }

    /// With a policy that no configuration can say.
    pub fn with(lan: LanPolicy) -> Self {
        let signals = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addr = socket.local_addr().unwrap();
        let bmc = bmc(lan, Machine { on: true, signals: Arc::clone(&signals) });
        let thread = {
            let over = Arc::clone(&over);
            std::thread::spawn(move || serve(&socket, bmc, &over))
        };
        Self { addr, signals, over, thread: Some(thread) }
    }

    /// What was done to the machine since this was last asked, once a power cycle is through.
    pub fn settled_signals(&self) -> Vec<PowerSignal> {
        let started = Instant::now();
        while self.is_cycling() {
            assert!(started.elapsed() < Duration::from_secs(60), "a cycle that never ends");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.take_signals()
    }

    fn is_cycling(&self) -> bool {
        self.signals.lock().unwrap().last() == Some(&PowerSignal::Off)
    }

    /// What was done to the machine since this was last asked.
    pub fn take_signals(&self) -> Vec<PowerSignal> {
        std::mem::take(&mut self.signals.lock().unwrap())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn bmc(lan: LanPolicy, machine: Machine) -> ipmi_bmc::Bmc {
    let settings = Settings {
        guid: Guid([7; 16]),
        users: vec![User {
            id: 2,
            name: Username::new(b"admin").unwrap(),
            password: Secret::new(b"Complex_Pass").unwrap(),
            limit: Privilege::Administrator,
            enabled: true,
        }],
        lan,
        limits: Limits::default(),
        quirks: Quirks::NONE,
        epoch: 1_700_000_000,
        log: LogPolicy::default(),
        nonvolatile: false,
    };
    let personality = reference(settings.epoch);
    ipmi_bmc::Bmc::new(Instant::now(), personality, settings, Box::new(machine), Memory::default())
}

fn serve(socket: &UdpSocket, mut bmc: ipmi_bmc::Bmc, over: &AtomicBool) {
    let mut buffer = [0; 2048];
    socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    while !over.load(Ordering::Relaxed) {
        bmc.handle_timeout(Instant::now());
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else { continue };
        match bmc.receive(Instant::now(), peer, &buffer[..length], &mut fill_random) {
            Some(Reply::Now(answer)) => drop(socket.send_to(&answer, peer)),
            Some(Reply::Held(_)) => panic!("nothing waits for a store that there is not"),
            None => {}
        }
    }
}

struct Machine {
    on: bool,
    signals: Arc<Mutex<Vec<PowerSignal>>>,
}

impl Platform for Machine {
    fn advance(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_on(&self) -> bool {
        self.on
    }

    fn power(&mut self, _: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        self.signals.lock().unwrap().push(action);
        match action {
            PowerSignal::On => self.on = true,
            PowerSignal::Off | PowerSignal::SoftShutdown => self.on = false,
            PowerSignal::Reset | PowerSignal::DiagnosticInterrupt => {}
        }
        Ok(())
    }

    fn identify(&mut self, _: Instant, _: IdentifyLight) {}

    fn start_scan(&mut self, _: Instant, _: u8) -> Scan {
        Scan::Done(Measurement::Unavailable)
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        None
    }
}
