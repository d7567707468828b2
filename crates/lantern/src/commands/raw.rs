//! `raw`.

use ipmi_client::{Bmc, Error as ClientError, ErrorKind};
use ipmi_wire::session::Username;
use ipmi_wire::{NetFn, Request, registry};

use super::Outcome;
use crate::cli;
use crate::error::Error;
use crate::view::raw::Raw;

pub(super) async fn run(command: &cli::Raw, bmc: &Bmc) -> Outcome {
    let request = request(command)?;
    let known = registry::find(registry::identify(&request));
    let response = bmc.send_raw(request).await.map_err(|error| match error.is_unknown() {
        true => Error::from(error).next(
            "nothing was looked up, because only you know what these bytes do: look at it before \
             you repeat them",
        ),
        false => error.into(),
    })?;
    if !response.completion.is_ok() {
        let completion = response.completion;
        return Err(ClientError {
            address: Some(bmc.address()),
            doing: known.map_or("raw command", |entry| entry.name),
            user: Username::default(),
            privilege: bmc.privilege(),
            kind: Box::new(ErrorKind::Refused {
                completion,
                explained: known.and_then(|entry| (entry.explain)(completion)),
                access: known.map(|entry| entry.access),
            }),
        }
        .into());
    }
    Ok(Box::new(Raw {
        netfn: command.netfn,
        cmd: command.cmd,
        request: command.data.clone(),
        completion_code: response.completion.0,
        response: response.data,
    }))
}

/// The request that the numbers stand for.
pub(crate) fn request(command: &cli::Raw) -> Result<Request, Error> {
    let cli::Raw { netfn, cmd, data } = command;
    if *netfn > 0x3e || netfn % 2 != 0 {
        return Err(Error::usage(format!(
            "network function 0x{netfn:02x} is not one of a request"
        ))
        .next("an even number from 0x00 to 0x3e; odd ones are those of responses"));
    }
    let netfn = NetFn::from_number(*netfn);
    Ok(Request { netfn, lun: 0, cmd: *cmd, data: data.clone() })
}
