//! The system calls of Linux's IPMI devices: the host's end, and the BMC's. **The only `unsafe` in the project**:
//! `docs/decisions/0025-the-only-unsafe.md` has its audit, and changes with it.
//!
//! All functions of this module are safe to call with any arguments and on any file: what a driver
//! other than the kernel's IPMI does with these numbers is refused by the kernel before it looks at
//! memory, because the numbers carry the driver's letter and the size of what they point to.

#![allow(unsafe_code)]

use core::ffi::{c_int, c_long, c_uint, c_ushort};
use std::io;
use std::os::fd::BorrowedFd;

use rustix::ioctl::{NoArg, Opcode, Setter, Updater, ioctl, opcode};

use super::layout::{
    AddressBytes, ChannelValue, CommandSpec, CommandSpecChannels, MAX_MESSAGE, Message, Received,
    Request, TimedRequest, TimingParameters,
};
use super::{IpmiAddress, IpmiMessage, Retries};

const MAGIC: u8 = b'i';

// The directions are those of the header, which has `_IOR` where the kernel only reads.
const RECEIVE_MSG_TRUNC: Opcode = opcode::read_write::<Received>(MAGIC, 11);
const SEND_COMMAND: Opcode = opcode::read::<Request>(MAGIC, 13);
const REGISTER_FOR_CMD: Opcode = opcode::read::<CommandSpec>(MAGIC, 14);
const UNREGISTER_FOR_CMD: Opcode = opcode::read::<CommandSpec>(MAGIC, 15);
const SET_GETS_EVENTS: Opcode = opcode::read::<c_int>(MAGIC, 16);
const SET_MY_ADDRESS: Opcode = opcode::read::<c_uint>(MAGIC, 17);
const GET_MY_ADDRESS: Opcode = opcode::read::<c_uint>(MAGIC, 18);
const SEND_COMMAND_SETTIME: Opcode = opcode::read::<TimedRequest>(MAGIC, 21);
const SET_TIMING_PARMS: Opcode = opcode::read::<TimingParameters>(MAGIC, 22);
const GET_TIMING_PARMS: Opcode = opcode::read::<TimingParameters>(MAGIC, 23);
const SET_MY_CHANNEL_ADDRESS: Opcode = opcode::read::<ChannelValue>(MAGIC, 24);
const GET_MY_CHANNEL_ADDRESS: Opcode = opcode::read::<ChannelValue>(MAGIC, 25);
const REGISTER_FOR_CMD_CHANS: Opcode = opcode::read::<CommandSpecChannels>(MAGIC, 28);
const UNREGISTER_FOR_CMD_CHANS: Opcode = opcode::read::<CommandSpecChannels>(MAGIC, 29);

/// What the kernel is told by value: plain numbers, without pointers and without padding that would
/// have to be something.
trait Plain: Copy {}
impl Plain for c_int {}
impl Plain for c_uint {}
impl Plain for CommandSpec {}
impl Plain for CommandSpecChannels {}
impl Plain for ChannelValue {}
impl Plain for TimingParameters {}

/// Tells the kernel a value.
fn tell<const OPCODE: Opcode, T: Plain>(device: BorrowedFd<'_>, value: T) -> io::Result<()> {
    const { assert!(is_about::<OPCODE, T>()) };
    // SAFETY: making the request is safe because nothing comes of it before `ioctl`.
    let request = unsafe { Setter::<OPCODE, T>::new(value) };
    // SAFETY: the number says that its argument is a `T` (asserted above), which has no pointers; the
    // kernel only reads it, and it lives until the call returns.
    Ok(unsafe { ioctl(device, request) }?)
}

/// Has the kernel fill in a value, which it may read first.
fn ask<const OPCODE: Opcode, T: Plain>(device: BorrowedFd<'_>, value: &mut T) -> io::Result<()> {
    const { assert!(is_about::<OPCODE, T>()) };
    // SAFETY: as in `tell`.
    let request = unsafe { Updater::<OPCODE, T>::new(value) };
    // SAFETY: as in `tell`, but that the kernel writes, too: as many bytes as the number says, and
    // every pattern of bits is a `T`.
    Ok(unsafe { ioctl(device, request) }?)
}

/// Whether the size in the number is that of the argument.
const fn is_about<const OPCODE: Opcode, T>() -> bool {
    let size = size_of::<T>();
    OPCODE == opcode::read::<T>(MAGIC, (OPCODE & 0xff) as u8) && size < 1 << 13
}

/// Queues a message. Its answer comes by [`receive`], under the same `id`.
pub(super) fn send(
    device: BorrowedFd<'_>,
    address: &IpmiAddress,
    id: c_long,
    message: IpmiMessage<'_>,
    retries: Option<Retries>,
) -> io::Result<()> {
    let IpmiMessage { netfn, cmd, data } = message;
    let Some(data_len) = c_ushort::try_from(data.len()).ok().filter(|_| data.len() <= MAX_MESSAGE)
    else {
        return Err(rustix::io::Errno::MSGSIZE.into());
    };
    let (address, addr_len) = AddressBytes::encode(address);
    // The kernel takes a pointer that it might write by, for one structure serves both directions;
    // in this one it only reads.
    let msg = Message { netfn, cmd, data_len, data: data.as_ptr().cast_mut() };
    let req = Request { addr: address.0.as_ptr(), addr_len, msgid: id, msg };
    match retries {
        None => {
            // SAFETY: making the request is safe because nothing comes of it before `ioctl`.
            let request = unsafe { Setter::<SEND_COMMAND, Request>::new(req) };
            // SAFETY: the number is that of an argument of this type. The kernel only reads, while
            // the call lasts: the argument, `addr_len` bytes at `addr`, which are part of `address`
            // (`encode` counts no further than its end), and `data_len` bytes at `data`, which are
            // the slice. Both outlive the call.
            Ok(unsafe { ioctl(device, request) }?)
        }
        Some(Retries { count, interval_ms }) => {
            let retries = c_int::try_from(count).unwrap_or(c_int::MAX);
            let timed = TimedRequest { req, retries, retry_time_ms: interval_ms };
            // SAFETY: making the request is safe because nothing comes of it before `ioctl`.
            let request = unsafe { Setter::<SEND_COMMAND_SETTIME, TimedRequest>::new(timed) };
            // SAFETY: as above; the two numbers behind the request are values.
            Ok(unsafe { ioctl(device, request) }?)
        }
    }
}

/// What a message is, and where its bytes are.
pub(super) struct Arrived {
    pub(super) kind: c_int,
    pub(super) address: AddressBytes,
    pub(super) id: c_long,
    pub(super) netfn: u8,
    pub(super) cmd: u8,
    /// How many bytes of the buffer are its.
    pub(super) length: usize,
    /// There were more than the buffer has.
    pub(super) truncated: bool,
}

/// Takes the next message that has come; an error of kind `WouldBlock` if there is none.
pub(super) fn receive(
    device: BorrowedFd<'_>,
    buffer: &mut [u8; MAX_MESSAGE],
) -> io::Result<Arrived> {
    let mut address = AddressBytes::EMPTY;
    let mut received = Received {
        recv_type: 0,
        addr: address.0.as_mut_ptr(),
        addr_len: AddressBytes::SIZE as c_uint,
        msgid: 0,
        msg: Message {
            netfn: 0,
            cmd: 0,
            data_len: MAX_MESSAGE as c_ushort,
            data: buffer.as_mut_ptr(),
        },
    };
    // SAFETY: making the request is safe because nothing comes of it before `ioctl`.
    let request = unsafe { Updater::<RECEIVE_MSG_TRUNC, Received>::new(&mut received) };
    // SAFETY: the number is that of an argument of this type. The kernel writes, while the call
    // lasts: into the argument, at most `addr_len` bytes at `addr`, which is all of `address`, and
    // at most `data_len` bytes at `data`, which is all of `buffer`. Both are borrowed mutably here
    // and outlive the call, all of their bytes are initialised, and any bytes are values of theirs.
    let outcome = unsafe { ioctl(device, request) };
    let truncated = match outcome {
        Ok(()) => false,
        // The message was taken all the same: as much of it as there is room for.
        Err(rustix::io::Errno::MSGSIZE) => true,
        Err(error) => return Err(error.into()),
    };
    let Received { recv_type: kind, msgid: id, msg: Message { netfn, cmd, data_len, .. }, .. } =
        received;
    let length = usize::from(data_len).min(MAX_MESSAGE);
    Ok(Arrived { kind, address, id, netfn, cmd, length, truncated })
}

pub(super) fn set_gets_events(device: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    tell::<SET_GETS_EVENTS, c_int>(device, c_int::from(on))
}

pub(super) fn set_my_address(device: BorrowedFd<'_>, address: u8) -> io::Result<()> {
    tell::<SET_MY_ADDRESS, c_uint>(device, address.into())
}

pub(super) fn my_address(device: BorrowedFd<'_>) -> io::Result<u8> {
    let mut address: c_uint = 0;
    ask::<GET_MY_ADDRESS, c_uint>(device, &mut address)?;
    Ok(u8::try_from(address & 0xff).unwrap_or_default())
}

pub(super) fn set_my_channel_address(
    device: BorrowedFd<'_>,
    channel: u8,
    address: u8,
) -> io::Result<()> {
    let value = ChannelValue { channel: channel.into(), value: address };
    tell::<SET_MY_CHANNEL_ADDRESS, _>(device, value)
}

pub(super) fn my_channel_address(device: BorrowedFd<'_>, channel: u8) -> io::Result<u8> {
    let mut value = ChannelValue { channel: channel.into(), value: 0 };
    ask::<GET_MY_CHANNEL_ADDRESS, _>(device, &mut value)?;
    Ok(value.value)
}

pub(super) fn set_timing(device: BorrowedFd<'_>, retries: Retries) -> io::Result<()> {
    let Retries { count, interval_ms } = retries;
    let retries = c_int::try_from(count).unwrap_or(c_int::MAX);
    tell::<SET_TIMING_PARMS, _>(device, TimingParameters { retries, retry_time_ms: interval_ms })
}

pub(super) fn timing(device: BorrowedFd<'_>) -> io::Result<Retries> {
    let mut timing = TimingParameters { retries: 0, retry_time_ms: 0 };
    ask::<GET_TIMING_PARMS, _>(device, &mut timing)?;
    let count = u32::try_from(timing.retries).unwrap_or_default();
    Ok(Retries { count, interval_ms: timing.retry_time_ms })
}

pub(super) fn register_for_command(
    device: BorrowedFd<'_>,
    netfn: u8,
    cmd: u8,
    on: bool,
) -> io::Result<()> {
    let spec = CommandSpec { netfn, cmd };
    match on {
        true => tell::<REGISTER_FOR_CMD, _>(device, spec),
        false => tell::<UNREGISTER_FOR_CMD, _>(device, spec),
    }
}

pub(super) fn register_for_command_on(
    device: BorrowedFd<'_>,
    netfn: u8,
    cmd: u8,
    channels: u16,
    on: bool,
) -> io::Result<()> {
    let spec = CommandSpecChannels { netfn: netfn.into(), cmd: cmd.into(), chans: channels.into() };
    match on {
        true => tell::<REGISTER_FOR_CMD_CHANS, _>(device, spec),
        false => tell::<UNREGISTER_FOR_CMD_CHANS, _>(device, spec),
    }
}

const BMC_MAGIC: u8 = 0xb1;

// include/uapi/linux/ipmi_bmc.h; bt-bmc.h has the first of them under another name.
const SET_SMS_ATN: Opcode = opcode::none(BMC_MAGIC, 0);
const CLEAR_SMS_ATN: Opcode = opcode::none(BMC_MAGIC, 1);
const FORCE_ABORT: Opcode = opcode::none(BMC_MAGIC, 2);

/// What the BMC tells the driver of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToHost {
    /// The attention bit goes up.
    Attention,
    /// It goes down.
    NoAttention,
    /// The host has to begin anew.
    Abort,
}

pub(crate) fn to_host(device: BorrowedFd<'_>, what: ToHost) -> io::Result<()> {
    match what {
        ToHost::Attention => nod::<SET_SMS_ATN>(device),
        ToHost::NoAttention => nod::<CLEAR_SMS_ATN>(device),
        ToHost::Abort => nod::<FORCE_ABORT>(device),
    }
}

/// Tells a driver something that has no argument.
fn nod<const OPCODE: Opcode>(device: BorrowedFd<'_>) -> io::Result<()> {
    const { assert!(OPCODE == opcode::none(BMC_MAGIC, (OPCODE & 0xff) as u8)) };
    // SAFETY: making the request is safe because nothing comes of it before `ioctl`.
    let request = unsafe { NoArg::<OPCODE>::new() };
    // SAFETY: the number says that there is no argument (asserted above), so that no driver looks for
    // memory behind it.
    Ok(unsafe { ioctl(device, request) }?)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    /// As the kernel's header and a C compiler have them on x86-64 and on all machines that number
    /// their calls alike.
    #[test]
    #[cfg(all(
        target_pointer_width = "64",
        any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
    ))]
    fn the_numbers_are_the_kernels() {
        assert_eq!(SEND_COMMAND, 0x8028_690d);
        assert_eq!(SEND_COMMAND_SETTIME, 0x8030_6915);
        assert_eq!(RECEIVE_MSG_TRUNC, 0xc030_690b);
        assert_eq!(REGISTER_FOR_CMD, 0x8002_690e);
        assert_eq!(UNREGISTER_FOR_CMD, 0x8002_690f);
        assert_eq!(SET_GETS_EVENTS, 0x8004_6910);
        assert_eq!(SET_MY_ADDRESS, 0x8004_6911);
        assert_eq!(GET_MY_ADDRESS, 0x8004_6912);
        assert_eq!(SET_TIMING_PARMS, 0x8008_6916);
        assert_eq!(GET_TIMING_PARMS, 0x8008_6917);
        assert_eq!(SET_MY_CHANNEL_ADDRESS, 0x8004_6918);
        assert_eq!(GET_MY_CHANNEL_ADDRESS, 0x8004_6919);
        assert_eq!(REGISTER_FOR_CMD_CHANS, 0x800c_691c);
        assert_eq!(UNREGISTER_FOR_CMD_CHANS, 0x800c_691d);
        assert_eq!([SET_SMS_ATN, CLEAR_SMS_ATN, FORCE_ABORT], [0xb100, 0xb101, 0xb102]);
    }

    #[test]
    fn another_driver_refuses_them_all() {
        let null = File::open("/dev/null").unwrap();
        let device = null.as_fd();
        let address = IpmiAddress::SystemInterface { lun: 0 };
        let message = IpmiMessage { netfn: 6, cmd: 1, data: &[1, 2, 3] };
        let timed = Some(Retries { count: 0, interval_ms: 1000 });
        let mut buffer = [0; MAX_MESSAGE];
        let outcomes = [
            send(device, &address, 1, message, None),
            send(device, &address, 1, message, timed),
            receive(device, &mut buffer).map(|_| ()),
            set_gets_events(device, true),
            set_my_address(device, 0x20),
            my_address(device).map(|_| ()),
            set_my_channel_address(device, 0, 0x20),
            my_channel_address(device, 0).map(|_| ()),
            set_timing(device, Retries { count: 1, interval_ms: 1 }),
            timing(device).map(|_| ()),
            register_for_command(device, 6, 1, true),
            register_for_command_on(device, 6, 1, 1, false),
            to_host(device, ToHost::Attention),
            to_host(device, ToHost::NoAttention),
            to_host(device, ToHost::Abort),
        ];
        for outcome in outcomes {
            let error = rustix::io::Errno::from_io_error(&outcome.unwrap_err());
            assert_eq!(error, Some(rustix::io::Errno::NOTTY));
        }
        let long = [0; MAX_MESSAGE + 1];
        let message = IpmiMessage { data: &long, ..message };
        let error = send(device, &address, 1, message, None).unwrap_err();
        assert_eq!(rustix::io::Errno::from_io_error(&error), Some(rustix::io::Errno::MSGSIZE));
    }
}
