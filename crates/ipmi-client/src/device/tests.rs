//! A kernel of plain data: what is sent is looked at, and answered by a closure.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use ipmi_io::{IpmiKind, IpmiReceived};
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::{ColdReset, GetDeviceId, SendMessage};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::{Channel, Command as _, Encode, Privilege, Request};

use super::*;
use crate::bmc::{Bmc, Credentials};

/// What the kernel was given.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    address: IpmiAddress,
    netfn: u8,
    cmd: u8,
    data: Vec<u8>,
    retries: Option<Retries>,
}

#[derive(Default)]
struct Inside {
    sent: Vec<Sent>,
    ready: VecDeque<IpmiReceived>,
    waker: Option<Waker>,
    own_address: Option<u8>,
    gets_events: bool,
    gone: bool,
}

type Answers = dyn FnMut(&Sent) -> io::Result<Option<Vec<u8>>> + Send;

#[derive(Clone)]
struct Kernel {
    inside: Arc<Mutex<Inside>>,
    answers: Arc<Mutex<Answers>>,
}

impl Kernel {
    fn new(
        answers: impl FnMut(&Sent) -> io::Result<Option<Vec<u8>>> + Send + 'static,
    ) -> (Self, Device) {
        let kernel = Self { inside: Arc::default(), answers: Arc::new(Mutex::new(answers)) };
        let node = Box::new(kernel.clone());
        let device = Device::over(Path::new("/dev/ipmi0"), node, None).unwrap();
        (kernel, device)
    }

    fn sent(&self) -> Vec<Sent> {
        self.inside.lock().unwrap().sent.clone()
    }

    fn push(&self, received: IpmiReceived) {
        let mut inside = self.inside.lock().unwrap();
        inside.ready.push_back(received);
        inside.waker.take().into_iter().for_each(Waker::wake);
    }
}

fn received(kind: IpmiKind, id: i64, data: &[u8]) -> IpmiReceived {
    let address = IpmiAddress::SystemInterface { lun: 0 };
    IpmiReceived { kind, address, id, netfn: 7, cmd: 1, data: data.to_vec(), truncated: false }
}

impl Node for Kernel {
    fn send(
        &mut self,
        address: &IpmiAddress,
        id: i64,
        message: IpmiMessage<'_>,
        retries: Option<Retries>,
    ) -> io::Result<()> {
        let IpmiMessage { netfn, cmd, data } = message;
        let sent = Sent { address: *address, netfn, cmd, data: data.to_vec(), retries };
        self.inside.lock().unwrap().sent.push(sent.clone());
        if let Some(data) = self.answers.lock().unwrap()(&sent)? {
            self.push(received(IpmiKind::Response, id, &data));
        }
        Ok(())
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<IpmiReceived>> {
        let mut inside = self.inside.lock().unwrap();
        if inside.gone {
            return Poll::Ready(Err(io::Error::from_raw_os_error(19)));
        }
        match inside.ready.pop_front() {
            Some(received) => Poll::Ready(Ok(received)),
            None => {
                inside.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    fn set_gets_events(&mut self, on: bool) -> io::Result<()> {
        self.inside.lock().unwrap().gets_events = on;
        Ok(())
    }

    fn set_my_address(&mut self, address: u8) -> io::Result<()> {
        self.inside.lock().unwrap().own_address = Some(address);
        Ok(())
    }
}

fn bmc(device: &Device) -> Bmc {
    Bmc::local(device, Credentials::new(b"", b"").unwrap())
}

/// Completion code and Get Device ID, as QEMU's simulator has it.
const DEVICE_ID: [u8; 16] = [0, 0x20, 0, 0, 0, 0x02, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[tokio::test]
async fn a_command_goes_to_the_system_interface_and_its_answer_comes_back() {
    let (kernel, device) = Kernel::new(|_| Ok(Some(DEVICE_ID.to_vec())));
    let bmc = bmc(&device);
    assert_eq!(bmc.location().to_string(), "/dev/ipmi0");
    assert_eq!(bmc.connect().await.unwrap().agreed, None);
    assert_eq!(bmc.send(&GetDeviceId).await.unwrap().device_id, 0x20);
    let request = Request { lun: 2, ..Request::of(&GetDeviceId) };
    bmc.send_raw(request).await.unwrap();
    let sent = kernel.sent();
    let luns: Vec<_> = sent.iter().map(|sent| sent.address).collect();
    let to = |lun| IpmiAddress::SystemInterface { lun };
    assert_eq!(luns, [to(0), to(2)]);
    assert_eq!((sent[0].netfn, sent[0].cmd, sent[0].retries), (6, 1, None));
    // Nobody logs out.
    bmc.close().await;
    drop(bmc);
    assert_eq!(kernel.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_may_run_twice_is_asked_again_while_the_bmc_is_busy_and_what_must_not_is_sent_once() {
    let mut busy = 3;
    let (kernel, device) = Kernel::new(move |_| {
        busy -= 1;
        Ok(Some(if busy >= 0 { vec![0xc0] } else { DEVICE_ID.to_vec() }))
    });
    bmc(&device).send(&GetDeviceId).await.unwrap();
    assert_eq!(kernel.sent().len(), 4);
    let (kernel, device) = Kernel::new(|_| Ok(Some(vec![0xc0])));
    let error = bmc(&device).send(&ColdReset).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::NODE_BUSY));
    assert_eq!(kernel.sent().len(), 1);
    let error = bmc(&device).send(&GetDeviceId).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::NODE_BUSY), "it is told in the end");
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_says_nothing_is_told_and_asked_no_second_time() {
    let (kernel, device) = Kernel::new(|_| Ok(None));
    let error = bmc(&device).send(&GetDeviceId).await.unwrap_err();
    assert_eq!(error.cause(), crate::Cause::SilentDevice);
    assert!(error.to_string().starts_with("/dev/ipmi0: Get Device ID: no answer in "), "{error}");
    assert_eq!(kernel.sent().len(), 1);
    assert!(bmc(&device).send(&ColdReset).await.unwrap_err().is_unknown());
    assert_eq!(kernel.sent().len(), 2);
}

#[tokio::test]
async fn late_answers_and_what_else_comes_are_not_mistaken_for_an_answer() {
    let (kernel, device) = Kernel::new(|_| Ok(None));
    let bmc = bmc(&device);
    let asked = tokio::spawn(async move { bmc.send(&GetDeviceId).await });
    while kernel.sent().is_empty() {
        tokio::task::yield_now().await;
    }
    kernel.push(received(IpmiKind::Response, 77, &[0xc1]));
    kernel.push(received(IpmiKind::Command, 1, &[0xc1]));
    kernel.push(received(IpmiKind::Event, 1, &[0xc1; 16]));
    kernel.push(received(IpmiKind::Response, 1, &DEVICE_ID));
    assert_eq!(asked.await.unwrap().unwrap().device_id, 0x20);
}

#[tokio::test]
async fn what_the_kernel_refuses_is_told() {
    let (_, device) = Kernel::new(|_| Err(io::Error::from_raw_os_error(22)));
    let message =
        SendMessage::tracked(Channel::new(0), &LanMessage::request(0, &Request::of(&GetDeviceId)));
    let error = bmc(&device).send_raw(Request::of(&message)).await.unwrap_err();
    assert_eq!(error.cause(), crate::Cause::NotPossible);
    let (kernel, device) = Kernel::new(|_| Ok(None));
    let bmc = bmc(&device);
    kernel.inside.lock().unwrap().gone = true;
    kernel.push(received(IpmiKind::Oem, 0, &[]));
    let error = bmc.send(&GetDeviceId).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Io(_) | ErrorKind::EndpointGone), "{error}");
    let error = bmc.send(&GetDeviceId).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::EndpointGone), "{error}");
}

fn route(transit: Option<Hop>) -> Route {
    Route { target: Hop::ipmb(0x82), transit, local_address: None }
}

#[tokio::test]
async fn the_kernel_speaks_to_a_controller_on_a_bus_and_repeats_only_what_may_be() {
    let (kernel, device) = Kernel::new(|_| Ok(Some(DEVICE_ID.to_vec())));
    let bmc = bmc(&device).behind(route(None));
    bmc.send(&GetDeviceId).await.unwrap();
    let _ = bmc.send(&ColdReset).await;
    let sent = kernel.sent();
    let address = IpmiAddress::Ipmb { channel: 0, slave_address: 0x82, lun: 0 };
    assert!(sent.iter().all(|sent| sent.address == address));
    assert_eq!(sent[0].retries.unwrap().count, 4);
    assert_eq!(sent[1].retries.unwrap().count, 0, "once");
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_does_not_answer_is_told_from_one_that_says_that_time_is_up() {
    let (_, device) = Kernel::new(|_| Ok(Some(vec![0xc3])));
    let behind = bmc(&device).behind(route(None));
    let error = behind.send(&GetDeviceId).await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::TIMEOUT), "at once: its own");

    let (kernel, device) = Kernel::new(|_| Ok(None));
    let behind = bmc(&device).behind(route(None));
    let asked = tokio::spawn(async move { behind.send(&GetDeviceId).await });
    tokio::time::sleep(Duration::from_secs(4)).await;
    kernel.push(received(IpmiKind::Response, 1, &[0xc3]));
    let error = asked.await.unwrap().unwrap_err();
    assert_eq!(error.cause(), crate::Cause::SilentBehind, "after all tries: the kernel's");
    assert!(error.is_behind_bmc());
}

#[tokio::test]
async fn behind_two_buses_a_request_is_in_a_message_and_so_is_its_answer() {
    let transit = Hop { channel: Channel::new(7), address: 0x72 };
    let inner = |sent: &Sent| {
        let send = SendMessage::decode(&mut ipmi_wire::Reader::new(&sent.data)).unwrap();
        (send.channel, LanMessage::decode_exact(&send.data).unwrap())
    };
    use ipmi_wire::Decode;
    let (kernel, device) = Kernel::new(move |sent| {
        let (_, message) = inner(sent);
        let response = Response { completion: CompletionCode::OK, data: DEVICE_ID[1..].to_vec() };
        let answer = message.answer(&response).to_bytes();
        Ok(Some([&[0], answer.as_slice()].concat()))
    });
    let bmc = bmc(&device).behind(route(Some(transit)));
    assert_eq!(bmc.send(&GetDeviceId).await.unwrap().device_id, 0x20);
    let sent = &kernel.sent()[0];
    let address = IpmiAddress::Ipmb { channel: 7, slave_address: 0x72, lun: 0 };
    assert_eq!((sent.address, sent.netfn, sent.cmd), (address, 6, 0x34));
    let (channel, message) = inner(sent);
    assert_eq!((channel.number(), message.to_address, message.cmd), (0, 0x82, 1));

    let (_, device) = Kernel::new(|_| Ok(Some(vec![0x83])));
    let refused = self::bmc(&device).behind(route(Some(transit)));
    let error = refused.send(&GetDeviceId).await.unwrap_err();
    assert_eq!(error.cause(), crate::Cause::NobodyBehind);
    let (_, device) = Kernel::new(|_| Ok(Some(vec![0])));
    let silent = self::bmc(&device).behind(route(Some(transit)));
    let error = silent.send(&GetDeviceId).await.unwrap_err();
    assert_eq!(error.cause(), crate::Cause::SilentBehind);
}

#[tokio::test]
async fn events_come_once_somebody_listens() {
    let (kernel, device) = Kernel::new(|_| Ok(None));
    assert!(!kernel.inside.lock().unwrap().gets_events, "nobody asked for them");
    let mut events = device.events().await.unwrap();
    assert!(kernel.inside.lock().unwrap().gets_events);
    kernel.push(received(IpmiKind::Event, 0, &[7; 16]));
    kernel.push(received(IpmiKind::Event, 0, &[8; 15]));
    kernel.push(received(IpmiKind::Event, 0, &[9; 16]));
    assert_eq!(events.next().await, Some([7; 16]));
    assert_eq!(events.next().await, Some([9; 16]));
    drop(device);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn who_is_named_the_bmcs_own_address_is_told_to_the_kernel() {
    let inside: Arc<Mutex<Inside>> = Arc::default();
    let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(|_: &Sent| Ok(None)));
    let kernel = Kernel { inside: Arc::clone(&inside), answers };
    Device::over(Path::new("/dev/ipmi0"), Box::new(kernel), Some(0x24)).unwrap();
    assert_eq!(inside.lock().unwrap().own_address, Some(0x24));
}

#[tokio::test]
async fn there_is_no_serial_over_lan_and_no_other_address() {
    let (_, device) = Kernel::new(|_| Ok(Some(vec![0xc1])));
    let bmc = bmc(&device);
    assert!(bmc.at(([192, 0, 2, 1], 623).into()).is_none());
    let error = bmc.console(crate::sol::Options::default()).await.unwrap_err();
    assert_eq!(error.cause(), crate::Cause::NotPossible);
    assert_eq!(bmc.privilege(), Privilege::Administrator);
    assert!(bmc.identity().await.unwrap().is_none(), "it has no GUID to tell");
    let _ = GetDeviceId::NAME;
}
