//! `raw` and `i2c`.

use std::path::Path;

use ipmi_client::{Bmc, Error as ClientError, ErrorKind};
use ipmi_wire::cmd::app::{I2cBus, MasterWriteRead};
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, NetFn, Request, Response, registry};

use super::{Context, Outcome, file};
use crate::cli::{self, Bus, Format, I2c, byte};
use crate::error::{Error, Exit};
use crate::output;
use crate::view::raw::{Explained, Raw, Read};
use crate::view::{Ended, render_header, render_next};

pub(super) async fn run(command: &cli::Raw, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    if let Some(explained) = offline(command) {
        return explained;
    }
    if let Some(path) = &command.file {
        return many(command, path, context).await;
    }
    let request = request(command)?;
    let response = send(bmc, &request).await?;
    // With an explanation, a refusal is one, too.
    if !response.completion.is_ok() && !command.explain {
        return Err(refused(bmc, &request, &response));
    }
    Ok(Box::new(Raw::new(&request, &response, command.explain)))
}

async fn send(bmc: &Bmc, request: &Request) -> Result<Response, Error> {
    bmc.send_raw(request.clone()).await.map_err(|error| match error.is_unknown() {
        true => Error::from(error).next(NOT_LOOKED_UP),
        false => error.into(),
    })
}

const NOT_LOOKED_UP: &str = "nothing was looked up, because only you know what these bytes do: \
                             look at it before you repeat them";

fn refused(bmc: &Bmc, request: &Request, response: &Response) -> Error {
    let known = registry::find(registry::identify(request));
    let completion = response.completion;
    ClientError {
        location: Some(bmc.location()),
        behind: bmc.route(),
        doing: known.map_or("raw command", |entry| entry.name),
        user: Username::default(),
        privilege: bmc.privilege(),
        kind: Box::new(ErrorKind::Refused {
            completion,
            explained: known.and_then(|entry| (entry.explain)(completion)),
            access: known.map(|entry| entry.access),
        }),
    }
    .into()
}

/// The commands of a file, each shown once it is answered.
async fn many(command: &cli::Raw, path: &Path, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    let requests = requests(path, &file::read(path)?)?;
    if context.format == Format::Csv {
        output::print(render_header::<Raw>()?)?;
    }
    let mut exit = None;
    for (number, request) in requests {
        let request = &at_lun(command, request);
        let response = match send(bmc, request).await {
            Ok(response) => response,
            Err(error) => return Err(error.at(&format!("{}:{number}", path.display()))),
        };
        let raw = Raw::new(request, &response, command.explain).titled();
        output::print(render_next(&raw, context.format, &bmc.location())?)?;
        if !response.completion.is_ok() {
            exit = Some(Exit::Failed);
            if !command.keep_going {
                break;
            }
        }
    }
    Ok(Box::new(Ended(exit)))
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &cli::Raw) -> Result<(), Error> {
    match &command.file {
        Some(path) if file::is_standard(path) => Ok(()),
        Some(path) => requests(path, &file::read(path)?).map(drop),
        None => request(command).map(drop),
    }
}

/// What needs no BMC.
pub(super) fn offline(command: &cli::Raw) -> Option<Outcome> {
    let explained = |request: Request| Box::new(Explained::new(&request)) as _;
    command.dry_run.then(|| request(command).map(explained))
}

/// The request that the numbers stand for.
pub(crate) fn request(command: &cli::Raw) -> Result<Request, Error> {
    let (Some(netfn), Some(cmd)) = (command.netfn, command.cmd) else {
        return Err(Error::usage("network function and command are missing"));
    };
    request_of(netfn, cmd, &command.data).map(|request| at_lun(command, request))
}

fn at_lun(command: &cli::Raw, request: Request) -> Request {
    Request { lun: command.lun, ..request }
}

fn request_of(netfn: u8, cmd: u8, data: &[u8]) -> Result<Request, Error> {
    if netfn > 0x3e || !netfn.is_multiple_of(2) {
        return Err(Error::usage(format!(
            "network function 0x{netfn:02x} is not one of a request"
        ))
        .next("an even number from 0x00 to 0x3e; odd ones are those of responses"));
    }
    let netfn = NetFn::from_number(netfn);
    Ok(Request { netfn, lun: 0, cmd, data: data.to_vec() })
}

/// The requests of a file, with the numbers of their lines.
fn requests(path: &Path, bytes: &[u8]) -> Result<Vec<(usize, Request)>, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::usage(format!("{}: this is not text", path.display())))?;
    let mut requests = Vec::new();
    for (number, line) in (1usize..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let numbers: Result<Vec<u8>, String> = line.split_whitespace().map(byte).collect();
        let wrong = |what: &str| Error::usage(format!("{}:{number}: {what}", path.display()));
        match numbers.as_deref() {
            Ok([]) => {}
            Ok([netfn, cmd, data @ ..]) => {
                let place = format!("{}:{number}", path.display());
                let request = request_of(*netfn, *cmd, data).map_err(|error| error.at(&place))?;
                requests.push((number, request));
            }
            Ok([_]) => return Err(wrong("a network function and no command")),
            Err(why) => return Err(wrong(&format!("each word has to be {why}"))),
        }
    }
    Ok(requests)
}

pub(super) async fn i2c(command: &I2c, bmc: &Bmc) -> Outcome {
    let (bus, channel) = match command.bus {
        Bus::Public => (I2cBus::Public(0), command.channel),
        Bus::Private(number) => (I2cBus::Private(number), 0),
    };
    let request = MasterWriteRead {
        channel: Channel::new(channel),
        bus,
        address: command.address,
        read: command.read,
        write: command.write.clone(),
    };
    let data = bmc.send(&request).await.map_err(|error| match error.is_unknown() {
        true => Error::from(error).next(NOT_LOOKED_UP),
        false => error.into(),
    })?;
    let (bus, number) = match command.bus {
        Bus::Public => ("public", channel),
        Bus::Private(number) => ("private", number),
    };
    Ok(Box::new(Read {
        bus,
        number,
        device_address: command.address,
        written: command.write.clone(),
        asked: command.read,
        data: data.0,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_commands_has_comments_and_numbers_of_both_kinds() {
        let path = Path::new("file");
        let all = requests(path, b"# what it is\n6 1\n\n0x0a 0x43 0 0 0 0 0 0xff # the first\r\n");
        let all = all.unwrap();
        assert_eq!(all[0], (2, request_of(6, 1, &[]).unwrap()));
        assert_eq!(all[1], (4, request_of(10, 0x43, &[0, 0, 0, 0, 0, 255]).unwrap()));
        for wrong in [&b"6"[..], b"7 1", b"6 x", b"6 256", b"\xff"] {
            assert!(requests(path, wrong).is_err(), "{wrong:?}");
        }
    }
}
