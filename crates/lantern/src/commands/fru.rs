//! `fru`.

mod field;
mod rescue;

use std::collections::HashSet;
use std::path::Path;

use ipmi_client::fru::{FruDevice, FruId, FruPlace, FruState, FruWriteError, FruWriteFailure};
use ipmi_client::{Bmc, Error as ClientError};
use ipmi_wire::bridge::Hop;
use ipmi_wire::fru::Fru;

use rescue::Rescue;

use super::{Context, Outcome, ask, file};
use crate::cli;
use crate::error::{Error, Exit};
use crate::view::Bytes;
use crate::view::fru::{Device, List, Listed, Print, Saved, Written};

pub(super) async fn run(command: &cli::Fru, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        cli::Fru::List => {
            let mut devices = Vec::new();
            let mut lost = Lost::default();
            for device in named(context).await? {
                devices.push(listed(context, &device, &mut lost).await?);
            }
            Box::new(List { devices })
        }
        cli::Fru::Print { id: None } => {
            let mut devices = Vec::new();
            let mut lost = Lost::default();
            for device in named(context).await? {
                devices.push(printed(context, &device, &mut lost).await?);
            }
            Box::new(Print { devices })
        }
        cli::Fru::Print { id: Some(id) } => {
            let fru = place(context, *id).await?;
            let image = bmc.read_fru_areas(fru.1).await?.ok_or_else(|| absent(*id))?;
            Box::new(Print {
                devices: vec![contents(Some(*id), fru.0, &image.bytes, image.info.size)],
            })
        }
        cli::Fru::Read { id, file: path } => {
            let image = bmc.read_fru(place(context, *id).await?.1).await?;
            let image = image.ok_or_else(|| absent(*id))?;
            if image.bytes.len() < usize::from(image.info.size) {
                context.voice.warning(&format!(
                    "the device gives only {} of its {} bytes",
                    image.bytes.len(),
                    image.info.size
                ));
            }
            if file::is_standard(path) {
                return Ok(Box::new(Bytes(image.bytes)));
            }
            let path = context.file(path);
            file::write(&path, &image.bytes)?;
            let file = path.display().to_string();
            Box::new(Saved { id: *id, file, bytes: image.bytes.len() })
        }
        cli::Fru::Write { id, file: path, yes, force } => {
            let wanted = image(path, *force)?;
            let (_, fru) = place(context, *id).await?;
            let original = bmc.read_fru(fru).await?.ok_or_else(|| absent(*id))?.bytes;
            // What is beyond the file stays.
            let rest = original.get(wanted.len()..).unwrap_or_default();
            let becomes: Vec<u8> = wanted.iter().chain(rest).copied().collect();
            let written = Written::new(*id, &original, &becomes);
            if !yes && !written.is_nothing() {
                ask::confirm(false, format!("{}\n", written.changes())).await?;
            }
            let rescue = Rescue::new(*id, original, context.voice);
            let outcome = bmc.write_fru(fru, &wanted).await;
            rescue.not_needed();
            outcome.map_err(|error| failed(error, *id))?;
            Box::new(written)
        }
        cli::Fru::Edit { id, words } => {
            let (area, index, text) = field::parse(words)?;
            let (_, fru) = place(context, *id).await?;
            let original = bmc.read_fru(fru).await?.ok_or_else(|| absent(*id))?.bytes;
            let rescue = Rescue::new(*id, original.clone(), context.voice);
            let edited = bmc.edit_fru_field(fru, area, index, text).await;
            rescue.not_needed();
            edited.map_err(|error| failed(error, *id))?;
            let now = bmc.read_fru(fru).await?.ok_or_else(|| absent(*id))?.bytes;
            Box::new(Written::new(*id, &original, &now))
        }
        cli::Fru::Decode { .. } | cli::Fru::UpgEkey { .. } => {
            return Err(Error::usage("this command does not talk to a BMC"));
        }
    })
}

/// What needs no BMC; `None` for what does.
pub(super) fn offline(command: &cli::Fru) -> Option<Outcome> {
    Some(match command {
        cli::Fru::Decode { file } => decode(file),
        cli::Fru::UpgEkey { .. } => Err(Error::usage("fru upgEkey is not supported")
            .cause("it takes records for electronic keying out of one maker's firmware files")
            .next(
                "take the image with 'fru read', change it with its maker's tool, 'fru write' it",
            )),
        _ => return None,
    })
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &cli::Fru) -> Result<(), Error> {
    match command {
        cli::Fru::Edit { words, .. } => field::parse(words).map(drop),
        cli::Fru::Write { file: path, yes, force, .. } => {
            if !file::is_standard(path) {
                image(path, *force)?;
            }
            ask::possible(*yes)
        }
        _ => Ok(()),
    }
}

/// What is to be written.
fn image(path: &Path, force: bool) -> Result<Vec<u8>, Error> {
    let bytes = file::read(path)?;
    match Fru::decode(&bytes) {
        Err(error) if !force => {
            Err(Error::usage(format!("{}: no FRU information: {error}", path.display()))
                .next("'lantern fru read ID FILE' writes such files; --force writes anything"))
        }
        _ => Ok(bytes),
    }
}

fn decode(path: &Path) -> Outcome {
    let bytes = file::read(path)?;
    Fru::decode(&bytes).map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
    let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let device = contents(None, path.display().to_string(), &bytes, size);
    Ok(Box::new(Print { devices: vec![device] }))
}

fn contents(id: Option<u8>, name: String, bytes: &[u8], size: u16) -> Device {
    let decoded = Fru::decode(bytes);
    let contents = match &decoded {
        Ok((fru, faults)) => Ok((fru, faults.as_slice())),
        Err(error) => Err(*error),
    };
    Device::new(id, name, Some(size.into()), contents)
}

/// The name of a device, and where it is. A device that no record names may be there all the
/// same.
async fn place(context: &Context<'_>, id: u8) -> Result<(String, FruId), Error> {
    let devices = named(context).await?;
    let found = devices.into_iter().find_map(|device| match device.place {
        FruPlace::Bmc(fru) if fru.device == id => Some((name(&device), fru)),
        _ => None,
    });
    Ok(found.unwrap_or_else(|| (format!("Device {id}"), FruId::new(id))))
}

fn name(device: &FruDevice) -> String {
    match (device.name.as_str(), device.place) {
        ("", FruPlace::Bmc(FruId { device: 0, .. })) => "Builtin FRU Device".to_owned(),
        ("", FruPlace::Bmc(fru) | FruPlace::Behind { fru, .. }) => format!("Device {}", fru.device),
        ("", FruPlace::Elsewhere { device, .. }) => format!("Device {device}"),
        (name, _) => name.to_owned(),
    }
}

fn numbers(context: &Context<'_>, place: FruPlace) -> (u8, u8) {
    match place {
        FruPlace::Bmc(fru) => (fru.device, context.bmc.slave_address()),
        FruPlace::Behind { controller, fru } => (fru.device, controller.address),
        FruPlace::Elsewhere { controller, device } => (device, controller),
    }
}

/// Controllers that could not be reached: they are asked once.
type Lost = HashSet<Hop>;

/// The devices that the records name.
async fn named(context: &Context<'_>) -> Result<Vec<FruDevice>, Error> {
    Ok(context.sdrs().await?.fru_devices_of(context.bmc.slave_address()))
}

/// What comes of asking for a device, from whoever reads it; or why there is nothing.
async fn asked<T>(
    context: &Context<'_>,
    place: FruPlace,
    lost: &mut Lost,
    ask: impl AsyncFnOnce(Bmc, FruId) -> Result<Option<T>, ClientError>,
) -> Result<Result<T, String>, Error> {
    let hop = match place {
        FruPlace::Behind { controller, .. } => Some(controller),
        _ => None,
    };
    if let Some(hop) = hop.filter(|hop| lost.contains(hop)) {
        return Ok(Err(format!("its controller, {hop}, is out of reach")));
    }
    let Some((bmc, fru)) = context.bmc.fru_at(place) else {
        let (device, controller) = numbers(context, place);
        return Ok(Err(format!(
            "a chip at 0x{device:02x} on a bus of 0x{controller:02x}: nobody reads it for others"
        )));
    };
    match ask(bmc, fru).await {
        Ok(Some(found)) => Ok(Ok(found)),
        Ok(None) => Ok(Err("not present".to_owned())),
        Err(error) if error.completion().is_some() => Ok(Err(error.to_string())),
        Err(error) if hop.is_some() && error.is_behind_bmc() => {
            lost.extend(hop);
            Ok(Err(format!(
                "controller {}: {}",
                hop.map_or_else(String::new, |hop| hop.to_string()),
                error.kind
            )))
        }
        Err(error) => Err(error.into()),
    }
}

async fn listed(
    context: &Context<'_>,
    device: &FruDevice,
    lost: &mut Lost,
) -> Result<Listed, Error> {
    let info = async |bmc: Bmc, fru| bmc.fru_info(fru).await;
    let (size, reason) = match asked(context, device.place, lost, info).await? {
        Ok(info) => (Some(info.size), None),
        Err(reason) => (None, Some(reason)),
    };
    let (id, controller) = numbers(context, device.place);
    Ok(Listed::new(id, controller, name(device), device.entity, size, reason))
}

async fn printed(
    context: &Context<'_>,
    device: &FruDevice,
    lost: &mut Lost,
) -> Result<Device, Error> {
    let (id, _) = numbers(context, device.place);
    let read = async |bmc: Bmc, fru| bmc.read_fru_areas(fru).await;
    Ok(match asked(context, device.place, lost, read).await? {
        Ok(image) => contents(Some(id), name(device), &image.bytes, image.info.size),
        Err(reason) => Device::absent(Some(id), name(device), reason),
    })
}

fn absent(id: u8) -> Error {
    Error::told(Exit::Failed, format!("there is no FRU device {id}"))
        .next("'lantern fru list' shows which there are")
}

/// A device that may be half written is the worst that can happen here: what was on it goes into a
/// file before anything else.
fn failed(error: FruWriteError, id: u8) -> Error {
    let state = error.state();
    let message = error.to_string();
    let FruWriteError { failure, original, touched, .. } = error;
    let mut told = match failure {
        FruWriteFailure::Bmc(error) => Error::from(error),
        FruWriteFailure::Absent(_) => return absent(id),
        _ => Error::told(Exit::Failed, message),
    };
    if touched && !matches!(state, FruState::Written | FruState::Untouched) {
        told = told.cause("the device is written in part").next(rescue::save(id, &original));
    }
    told
}
