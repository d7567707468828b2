//! The VM protocol's back end with a virtual machine that a test plays.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipmi_bmc::Attention;
use ipmi_bmc::platform::PowerSignal;
use ipmi_wire::vm::{Capabilities, ControlCode, Deframer, Frame, VmMessage};
use ipmi_wire::{CompletionCode, Decode, Encode, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::desk::Answer;
use super::*;

/// A BMC that answers with what it was asked, and takes a second for command FEh, and for ever for FFh.
struct Echo;

impl Host for Echo {
    fn ask(self: Arc<Self>, request: Request) -> Answer {
        Box::pin(async move {
            match request.cmd {
                0xfe => tokio::time::sleep(Duration::from_secs(1)).await,
                0xff => std::future::pending().await,
                _ => {}
            }
            Response { completion: CompletionCode::OK, data: request.data }
        })
    }
}

/// A system interface, and what a BMC has of it.
struct Interface {
    path: PathBuf,
    seen: Seen,
    attention: watch::Sender<Attention>,
    task: JoinHandle<&'static str>,
    _directory: tempfile::TempDir,
}

impl Interface {
    fn start(source: impl FnOnce(PathBuf) -> Source) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vm");
        let config = SystemInterfaceConfig::of(source(path.clone()));
        let back_end = BackEnd::open(&config).unwrap();
        let (presence, seen) = presence(&(Arc::new(|| {}) as _));
        let (attention, lines) = watch::channel(Attention::default());
        let task = tokio::spawn(back_end.run(Desk::new(Arc::new(Echo), lines), presence));
        Self { path, seen, attention, task, _directory: directory }
    }

    async fn connect(&self) -> Vm {
        Vm::new(UnixStream::connect(&self.path).await.unwrap())
    }

    async fn until(&self, what: impl Fn(Option<Guest>) -> bool) {
        let start = Instant::now();
        while !what(self.seen.guest()) {
            assert!(start.elapsed() < PATIENCE, "{:?}", self.seen.guest());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Interface {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
const OPENING: [u8; 6] = [0xff, 0x01, 0xa1, 0x08, 0x3f, 0xa1];

/// The other end.
struct Vm {
    stream: UnixStream,
    deframer: Deframer,
}

impl Vm {
    fn new(stream: UnixStream) -> Self {
        Self { stream, deframer: Deframer::new() }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn ask(&mut self, sequence: u8, cmd: u8, data: &[u8]) {
        let message = VmMessage { sequence, netfn: 6, lun: 0, cmd, data: data.to_vec() };
        self.send(&Frame::Message(message.to_bytes()).to_bytes()).await;
    }

    /// What comes next; `None` if that is the end.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            let byte =
                timeout(PATIENCE, self.stream.read_u8()).await.expect("nothing came").ok()?;
            if let Some(frame) = self.deframer.push(byte).unwrap() {
                return Some(frame);
            }
        }
    }

    async fn code(&mut self) -> ControlCode {
        match self.next().await {
            Some(Frame::Control(bytes)) => ControlCode::decode_exact(&bytes).unwrap(),
            other => panic!("{other:02x?}"),
        }
    }

    async fn answer(&mut self) -> VmMessage {
        match self.next().await {
            Some(Frame::Message(bytes)) => VmMessage::decode_exact(&bytes).unwrap(),
            other => panic!("{other:02x?}"),
        }
    }

    /// What every connection begins with, if nothing is on.
    async fn greet(&mut self) {
        self.send(&OPENING).await;
        for code in
            [ControlCode::Version(1), ControlCode::DisableInterrupts, ControlCode::ClearAttention]
        {
            assert_eq!(self.code().await, code);
        }
    }
}

#[tokio::test]
async fn a_machine_that_comes_is_told_asks_and_is_seen() {
    let interface = Interface::start(Source::UnixListen);
    assert_eq!(interface.seen.guest(), None);
    let mut vm = interface.connect().await;
    vm.greet().await;
    vm.ask(0xa0, 0x01, &[0xa0, 0xa1, 0xaa]).await;
    let answer = vm.answer().await;
    assert_eq!((answer.sequence, answer.netfn, answer.cmd), (0xa0, 7, 1));
    assert_eq!(answer.data, [0, 0xa0, 0xa1, 0xaa]);
    let guest = interface.seen.guest().unwrap();
    assert!(guest.is_known);
    assert_eq!(guest.capabilities, Capabilities(0x3f));
    drop(vm);
    interface.until(|guest| guest.is_none()).await;
}

#[tokio::test]
async fn lines_and_signals_reach_the_machine_and_the_lines_are_told_again_to_the_next() {
    let interface = Interface::start(Source::UnixListen);
    let mut vm = interface.connect().await;
    vm.greet().await;
    interface.until(|guest| guest.is_some_and(|guest| guest.capabilities.0 != 0)).await;
    let on = Attention { waiting: true, interrupts: true, message_interrupts: true };
    interface.attention.send(on).unwrap();
    assert_eq!(vm.code().await, ControlCode::EnableInterrupts);
    assert_eq!(vm.code().await, ControlCode::SetAttentionAndInterrupt);
    for (signal, code) in [
        (PowerSignal::Reset, ControlCode::Reset),
        (PowerSignal::DiagnosticInterrupt, ControlCode::Nmi),
        (PowerSignal::SoftShutdown, ControlCode::GracefulShutdown),
        (PowerSignal::Off, ControlCode::PowerOff),
    ] {
        assert!(interface.seen.send(signal));
        assert_eq!(vm.code().await, code);
    }
    drop(vm);
    interface.until(|guest| guest.is_none()).await;
    let mut vm = interface.connect().await;
    assert_eq!(vm.code().await, ControlCode::Version(1));
    assert_eq!(vm.code().await, ControlCode::EnableInterrupts);
    assert_eq!(vm.code().await, ControlCode::SetAttentionAndInterrupt);
    // It has not said what it can do.
    assert!(interface.seen.send(PowerSignal::Off));
    vm.ask(1, 1, &[]).await;
    assert_eq!(vm.answer().await.sequence, 1);
}

/// In-band `power reset`: the machine that asked for it has read the answer before it is gone.
#[tokio::test]
async fn what_a_host_is_made_to_do_waits_until_it_has_read_its_answer_and_for_nothing_else() {
    let interface = Interface::start(Source::UnixListen);
    let mut vm = interface.connect().await;
    vm.greet().await;
    interface.until(|guest| guest.is_some_and(|guest| guest.capabilities.0 != 0)).await;
    let to_read = Duration::from_millis(90);
    // While it waits for an answer.
    vm.ask(1, 0xfe, &[]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(interface.seen.send(PowerSignal::Reset));
    assert_eq!(vm.answer().await.sequence, 1);
    let answered = Instant::now();
    assert_eq!(vm.code().await, ControlCode::Reset);
    assert!(answered.elapsed() >= to_read, "{:?}", answered.elapsed());
    // While it may be reading one. What it asks meanwhile is answered, and puts nothing off.
    vm.ask(2, 1, &[]).await;
    assert_eq!(vm.answer().await.sequence, 2);
    let answered = Instant::now();
    assert!(interface.seen.send(PowerSignal::Reset));
    vm.ask(3, 1, &[]).await;
    assert_eq!(vm.answer().await.sequence, 3);
    vm.ask(4, 0xff, &[]).await;
    assert_eq!(vm.code().await, ControlCode::Reset);
    assert!(answered.elapsed() >= to_read, "{:?}", answered.elapsed());
}

#[tokio::test]
async fn there_is_one_host_and_who_comes_later_waits() {
    let interface = Interface::start(Source::UnixListen);
    let mut first = interface.connect().await;
    first.greet().await;
    interface.until(|guest| guest.is_some_and(|guest| guest.is_known)).await;
    interface.attention.send(Attention { waiting: true, ..Attention::default() }).unwrap();
    assert_eq!(first.code().await, ControlCode::SetAttention);
    let mut second = interface.connect().await;
    second.greet().await;
    for sequence in 0..3 {
        second.ask(sequence, 1, &[1]).await;
        let answer = second.answer().await;
        assert_eq!((answer.sequence, &answer.data[..]), (sequence, &[0xd2][..]));
    }
    // Those behind it do not get that far, and are not sent away.
    let mut third = interface.connect().await;
    third.send(&OPENING).await;
    assert!(timeout(Duration::from_millis(100), third.next()).await.is_err());
    // Nobody has disturbed the host.
    first.ask(1, 1, &[]).await;
    assert_eq!(first.answer().await.data, [0]);
    drop(first);
    // The next one is told the lines, and what it can do is known already.
    assert_eq!(second.code().await, ControlCode::SetAttention);
    second.ask(4, 1, &[1]).await;
    assert_eq!(second.answer().await.data, [0, 1]);
    assert_eq!(interface.seen.guest().unwrap().capabilities, Capabilities(0x3f));
    // One that is gone while it waits is no host later.
    assert_eq!(third.code().await, ControlCode::Version(1));
    drop(third);
    drop(second);
    interface.until(|guest| guest.is_none()).await;
    let mut last = interface.connect().await;
    assert_eq!(last.code().await, ControlCode::Version(1));
    last.ask(5, 1, &[]).await;
    while !matches!(last.next().await, Some(Frame::Message(_))) {}
}

#[tokio::test]
async fn who_says_nothing_that_a_host_says_gives_way_to_one_that_does() {
    let interface = Interface::start(Source::UnixListen);
    let mut stranger = interface.connect().await;
    stranger.send(b"GET / HTTP/1.1\r\n\r\n\xa0\xa1").await;
    interface.until(|guest| guest.is_some()).await;
    assert!(!interface.seen.guest().unwrap().is_known);
    let mut vm = interface.connect().await;
    vm.greet().await;
    for _ in 0..3 {
        assert!(stranger.next().await.is_some());
    }
    assert_eq!(stranger.next().await, None);
    vm.ask(1, 1, &[]).await;
    assert_eq!(vm.answer().await.data, [0]);
}

#[tokio::test]
async fn half_a_frame_and_garbage_cost_nothing_but_themselves() {
    let interface = Interface::start(Source::UnixListen);
    let mut vm = interface.connect().await;
    vm.greet().await;
    vm.send(&[0x00; 5000]).await;
    vm.send(&[0xa0, 0xaa, 0x00, 0xa1, 0xa0, 0xa1, 1, 2, 3, 4, 0xa0]).await;
    vm.ask(7, 1, &[]).await;
    assert_eq!(vm.answer().await.sequence, 7);
    vm.send(&[0x08, 0x18]).await;
    drop(vm);
    interface.until(|guest| guest.is_none()).await;
    let mut vm = interface.connect().await;
    vm.greet().await;
    vm.ask(8, 1, &[]).await;
    assert_eq!(vm.answer().await.sequence, 8);
}

#[tokio::test]
async fn a_flood_is_answered_in_order() {
    let interface = Interface::start(Source::UnixListen);
    let mut vm = interface.connect().await;
    vm.greet().await;
    let (mut reader, mut writer) = vm.stream.into_split();
    let count = 20_000u32;
    let flood = tokio::spawn(async move {
        for number in 0..count {
            let data = number.to_le_bytes().to_vec();
            let message = VmMessage { sequence: data[0], netfn: 6, lun: 0, cmd: 1, data };
            writer.write_all(&Frame::Message(message.to_bytes()).to_bytes()).await.unwrap();
        }
        writer
    });
    let (mut deframer, mut number) = (Deframer::new(), 0u32);
    let mut chunk = vec![0; 4096];
    while number < count {
        let length = timeout(PATIENCE, reader.read(&mut chunk)).await.unwrap().unwrap();
        assert!(length > 0);
        for byte in &chunk[..length] {
            let Some(Frame::Message(bytes)) = deframer.push(*byte).unwrap() else { continue };
            let answer = VmMessage::decode_exact(&bytes).unwrap();
            assert_eq!(answer.data[1..], number.to_le_bytes());
            number += 1;
        }
    }
    drop(flood.await.unwrap());
}

#[tokio::test]
async fn what_takes_long_is_answered_late_and_what_takes_too_long_with_c3() {
    let interface = Interface::start(Source::UnixListen);
    let mut vm = interface.connect().await;
    vm.greet().await;
    let start = Instant::now();
    vm.ask(1, 0xfe, &[]).await;
    // Nothing keeps the lines from changing meanwhile.
    interface.attention.send(Attention { waiting: true, ..Attention::default() }).unwrap();
    assert_eq!(vm.code().await, ControlCode::SetAttention);
    assert_eq!(vm.answer().await.data, [0]);
    vm.ask(2, 0xff, &[]).await;
    vm.ask(3, 0x01, &[]).await;
    assert_eq!(vm.answer().await.data, [0xc3]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(vm.answer().await.sequence, 3);
}

#[tokio::test]
async fn a_machine_that_listens_is_found_and_found_again() {
    let interface = Interface::start(Source::Unix);
    // Not there yet.
    tokio::time::sleep(Duration::from_millis(150)).await;
    for round in 1..3u8 {
        let listener = UnixListener::bind(&interface.path).unwrap();
        let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        let mut vm = Vm::new(stream);
        vm.greet().await;
        vm.ask(round, 1, &[]).await;
        assert_eq!(vm.answer().await.sequence, round);
        drop((vm, listener));
        std::fs::remove_file(&interface.path).unwrap();
    }
}

#[tokio::test]
async fn two_cannot_listen_at_one_place() {
    let interface = Interface::start(Source::UnixListen);
    let config = SystemInterfaceConfig::of(Source::UnixListen(interface.path.clone()));
    let error = BackEnd::open(&config).unwrap_err().to_string();
    assert!(error.contains("for the host's system interface"), "{error}");
}
