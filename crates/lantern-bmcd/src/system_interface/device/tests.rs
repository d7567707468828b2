//! The work on a node, with a driver that does what Linux's do (`kcs_bmc_cdev_ipmi.c` and `bt-bmc.c`
//! of 6.1), and a host behind it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ipmi_bmc::Attention;
use ipmi_io::{HostInterface, Terminal};
use ipmi_wire::{CompletionCode, NetFn, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::BackEnd;
use super::node::Node;
use super::serve::serve;
use crate::config::{SystemInterfaceConfig, SystemInterfaceSource};
use crate::system_interface::desk::Answer;
use crate::system_interface::{Desk, Host, presence};

/// How far the driver is with the host's latest request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    /// The host has written it: there is something to read.
    WriteDone,
    /// It was read: an answer is waited for.
    WaitRead,
    /// There is an answer.
    Read,
    /// The host has given up, or was made to.
    Aborted,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    request: Vec<u8>,
    answer: Vec<u8>,
    attention: bool,
    /// What was done to the bit.
    shown: Vec<bool>,
    aborts: usize,
    /// Answers that came too late.
    refused: usize,
    /// BT: the host has not fetched what it was given before.
    is_busy: bool,
}

/// A driver, and the host's registers behind it.
#[derive(Clone, Default)]
struct Driver(Arc<(Mutex<State>, Notify)>);

impl Driver {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }

    /// The host asks. What it asked before is gone.
    fn host_asks(&self, bytes: &[u8]) {
        {
            let mut state = self.state();
            (state.phase, state.request) = (Phase::WriteDone, bytes.to_vec());
        }
        self.0.1.notify_waiters();
    }

    /// The host gives up.
    fn host_gives_up(&self) {
        self.state().phase = Phase::Aborted;
    }

    /// BT: the host has room again.
    fn host_is_ready(&self) {
        self.state().is_busy = false;
        self.0.1.notify_waiters();
    }

    /// What the host reads.
    async fn host_reads(&self) -> Vec<u8> {
        loop {
            {
                let mut state = self.state();
                if state.phase == Phase::Read {
                    state.phase = Phase::Idle;
                    return std::mem::take(&mut state.answer);
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        while !holds(&self.state()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Node for Driver {
    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let changed = self.0.1.notified();
            {
                let mut state = self.state();
                if state.phase == Phase::WriteDone {
                    state.phase = Phase::WaitRead;
                    let request = std::mem::take(&mut state.request);
                    buffer[..request.len()].copy_from_slice(&request);
                    return Ok(request.len());
                }
            }
            changed.await;
        }
    }

    async fn write(&self, message: &[u8]) -> io::Result<()> {
        loop {
            let changed = self.0.1.notified();
            {
                let mut state = self.state();
                if message.len() < 3 || state.phase != Phase::WaitRead {
                    state.refused += 1;
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                if !state.is_busy {
                    (state.phase, state.answer) = (Phase::Read, message.to_vec());
                    return Ok(());
                }
            }
            changed.await;
        }
    }

    fn show_attention(&self, waiting: bool) -> io::Result<()> {
        let mut state = self.state();
        state.attention = waiting;
        state.shown.push(waiting);
        Ok(())
    }

    fn abort(&self) -> io::Result<()> {
        let mut state = self.state();
        state.phase = Phase::Aborted;
        state.aborts += 1;
        Ok(())
    }
}

/// A BMC that answers when it is told to.
struct Clerk(mpsc::UnboundedSender<(Request, oneshot::Sender<Response>)>);

impl Host for Clerk {
    fn ask(self: Arc<Self>, request: Request) -> Answer {
        let (sender, answer) = oneshot::channel();
        self.0.send((request, sender)).unwrap();
        Box::pin(async {
            answer.await.unwrap_or_else(|_| Response::code(CompletionCode::UNSPECIFIED))
        })
    }
}

struct Bench {
    driver: Driver,
    asked: mpsc::UnboundedReceiver<(Request, oneshot::Sender<Response>)>,
    attention: watch::Sender<Attention>,
    work: JoinHandle<io::Error>,
}

impl Bench {
    fn new(interface: HostInterface) -> Self {
        let driver = Driver::default();
        let (sender, asked) = mpsc::unbounded_channel();
        let (attention, lines) = watch::channel(Attention::default());
        let mut desk = Desk::new(Arc::new(Clerk(sender)), lines);
        let node = driver.clone();
        let work = tokio::spawn(async move { serve(&node, interface, "device", &mut desk).await });
        Self { driver, asked, attention, work }
    }

    async fn asked(&mut self) -> (Request, oneshot::Sender<Response>) {
        self.asked.recv().await.unwrap()
    }

    /// Asks, with a BMC that answers at once.
    async fn ask(&mut self, request: &[u8], data: Vec<u8>) -> Vec<u8> {
        self.driver.host_asks(request);
        let (_, sender) = self.asked().await;
        sender.send(ok(data)).unwrap();
        self.driver.host_reads().await
    }

    fn show(&self, waiting: bool) {
        self.attention.send_replace(Attention { waiting, ..Attention::default() });
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.work.abort();
    }
}

const fn ok(data: Vec<u8>) -> Response {
    Response { completion: CompletionCode::OK, data }
}

#[tokio::test]
async fn a_request_is_answered_on_kcs() {
    let mut bench = Bench::new(HostInterface::Kcs);
    bench.driver.host_asks(&[0x18, 0x42, 0x0f]);
    let (request, sender) = bench.asked().await;
    let expected = Request { netfn: NetFn::App, lun: 0, cmd: 0x42, data: vec![0x0f] };
    assert_eq!(request, expected);
    sender.send(ok(vec![7, 8])).unwrap();
    assert_eq!(bench.driver.host_reads().await, [0x1c, 0x42, 0, 7, 8]);
    // The logical unit comes back, and what does not fit does not go out.
    assert_eq!(bench.ask(&[0x1a, 0x01], vec![]).await, [0x1e, 0x01, 0]);
    assert_eq!(bench.ask(&[0x18, 0x01], vec![1; 269]).await.len(), 272);
    assert_eq!(bench.ask(&[0x18, 0x01], vec![1; 270]).await, [0x1c, 0x01, 0xca]);
}

#[tokio::test]
async fn a_request_is_answered_on_bt_under_its_number() {
    let mut bench = Bench::new(HostInterface::Bt);
    let answer = bench.ask(&[4, 0x18, 0x99, 0x42, 0x0f], vec![7]).await;
    assert_eq!(answer, [5, 0x1c, 0x99, 0x42, 0, 7]);
    let longest = bench.ask(&[3, 0x18, 1, 0x01], vec![1; 251]).await;
    assert_eq!((longest.len(), longest[0]), (256, 255));
    assert_eq!(bench.ask(&[3, 0x18, 2, 0x01], vec![1; 252]).await, [4, 0x1c, 2, 0x01, 0xca]);
}

#[tokio::test]
async fn an_answer_that_the_host_has_given_up_on_is_dropped() {
    let mut bench = Bench::new(HostInterface::Kcs);
    bench.driver.host_asks(&[0x18, 0x01]);
    let (_, sender) = bench.asked().await;
    bench.driver.host_gives_up();
    sender.send(ok(vec![1])).unwrap();
    bench.driver.until(|state| state.refused == 1).await;
    assert_eq!(bench.ask(&[0x18, 0x04], vec![2]).await, [0x1c, 0x04, 0, 2]);
}

#[tokio::test]
async fn who_asks_anew_is_answered_anew_and_not_with_the_old() {
    let mut bench = Bench::new(HostInterface::Kcs);
    bench.driver.host_asks(&[0x18, 0x01]);
    let (_, old) = bench.asked().await;
    // It gives up, and has written the next request before the BMC has answered.
    bench.driver.host_asks(&[0x18, 0x04]);
    let (request, new) = bench.asked().await;
    assert_eq!(request.cmd, 0x04);
    // Nobody waits for the old one any more.
    assert_eq!(old.send(ok(vec![1])), Err(ok(vec![1])));
    new.send(ok(vec![2])).unwrap();
    assert_eq!(bench.driver.host_reads().await, [0x1c, 0x04, 0, 2]);
    assert_eq!(bench.driver.state().refused, 0);
}

#[tokio::test]
async fn what_is_no_request_makes_the_host_begin_anew() {
    let mut bench = Bench::new(HostInterface::Kcs);
    for (count, bytes) in (1..).zip([&[][..], &[0x18], &[0x1c, 0x01]]) {
        bench.driver.host_asks(bytes);
        bench.driver.until(|state| state.aborts == count).await;
    }
    assert_eq!(bench.ask(&[0x18, 0x01], vec![]).await, [0x1c, 0x01, 0]);
    // BT has no such thing: its host asks again.
    let mut bench = Bench::new(HostInterface::Bt);
    for bytes in [&[][..], &[9, 0x18, 1, 1], &[3, 0x1c, 1, 1]] {
        bench.driver.host_asks(bytes);
    }
    assert_eq!(bench.ask(&[3, 0x18, 3, 0x01], vec![]).await, [4, 0x1c, 3, 0x01, 0]);
    assert_eq!(bench.driver.state().aborts, 0);
}

#[tokio::test]
async fn a_host_that_does_not_fetch_its_answer_holds_up_nothing_but_itself() {
    let mut bench = Bench::new(HostInterface::Bt);
    bench.driver.state().is_busy = true;
    bench.driver.host_asks(&[3, 0x18, 1, 0x01]);
    let (_, sender) = bench.asked().await;
    sender.send(ok(vec![])).unwrap();
    bench.show(true);
    bench.driver.until(|state| state.attention).await;
    bench.driver.host_is_ready();
    assert_eq!(bench.driver.host_reads().await, [4, 0x1c, 1, 0x01, 0]);
}

#[tokio::test]
async fn the_bit_follows_what_waits() {
    let mut bench = Bench::new(HostInterface::Kcs);
    // Whatever it was before us.
    bench.driver.until(|state| state.shown == [false]).await;
    bench.show(true);
    bench.driver.until(|state| state.shown == [false, true]).await;
    // It is down when the host reads the answer that took the last away.
    bench.driver.host_asks(&[0x18, 0x33]);
    let (_, sender) = bench.asked().await;
    bench.show(false);
    sender.send(ok(vec![])).unwrap();
    bench.driver.host_reads().await;
    assert_eq!(bench.driver.state().shown, [false, true, false]);

    // On BT the host takes it down.
    let bench = Bench::new(HostInterface::Bt);
    for waiting in [true, false, true] {
        bench.show(waiting);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bench.driver.state().shown, [true, true]);
}

/// A node may come after us, and may go: here it is a terminal, which is read and written like one, and
/// has no such bit.
#[tokio::test]
async fn a_node_that_comes_later_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ipmi-kcs1");
    let (sender, mut asked) = mpsc::unbounded_channel();
    let (_attention, lines) = watch::channel(Attention::default());
    let desk = Desk::new(Arc::new(Clerk(sender)), lines);
    let (presence, seen) = presence(&(Arc::new(|| {}) as Arc<dyn Fn() + Send + Sync>));
    let config = SystemInterfaceConfig::of(SystemInterfaceSource::Device(path.clone()));
    let back_end = BackEnd::new(path.clone(), &config);
    let work = tokio::spawn(back_end.run(desk, presence));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(seen.guest().is_none());
    let (mut host, other) = Terminal::pseudo().unwrap();
    std::os::unix::fs::symlink(other, &path).unwrap();
    while seen.guest().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for data in [7, 8] {
        host.write_all(&[0x18, 0x01]).await.unwrap();
        let (_, answer) = asked.recv().await.unwrap();
        answer.send(ok(vec![data])).unwrap();
        let mut read = [0; 4];
        host.read_exact(&mut read).await.unwrap();
        assert_eq!(read, [0x1c, 0x01, 0, data]);
    }
    work.abort();
}

#[test]
fn why_a_node_cannot_be_opened_is_told_with_what_can_be_done() {
    for (kind, words) in [
        (io::ErrorKind::NotFound, "kcs_bmc_cdev_ipmi"),
        (io::ErrorKind::ResourceBusy, "kcsbridged"),
        (io::ErrorKind::PermissionDenied, "root's"),
        (io::ErrorKind::InvalidInput, ""),
    ] {
        let told = super::explain(&kind.into());
        assert!(told.contains(words) && told.contains(&kind.to_string()), "{told}");
    }
}
