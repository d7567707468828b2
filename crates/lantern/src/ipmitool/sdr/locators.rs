//! Records of what cannot be read: sensors that only send events, devices, inventories, controllers.

use ipmi_wire::sdr::{
    EntityId, EventMessageSetup, EventOnlySensor, FruDeviceLocator, GenericDeviceLocator,
    McDeviceLocator,
};

use super::lines::entity_column;
use super::names;
use super::reading::Sdr;
use super::records::Entry;

pub(super) async fn event_only(sdr: &Sdr<'_>, entry: &Entry, sensor: &EventOnlySensor) {
    let (name, number, entity) = (entry.label(), sensor.key.number, sensor.entity);
    let text = if sdr.verbose {
        let (kind, kind_name) = (sensor.sensor_type.0, sdr.type_name(sensor.sensor_type.0).await);
        format!(
            "Sensor ID              : {name} (0x{number:x})\n\
             {}\
             Sensor Type            : {kind_name} (0x{kind:02x})\n\n",
            entity_line(entity)
        )
    } else if sdr.csv {
        format!("{name},{number:02X}h,ns,{entity},Event-Only\n")
    } else if sdr.extended {
        format!("{name:<16} | {number:02X}h | ns  | {} | Event-Only\n", entity_column(entity))
    } else {
        format!("{name:<16} | Event-Only        | ns\n")
    };
    sdr.put(&text);
}

pub(super) fn generic(sdr: &Sdr<'_>, entry: &Entry, device: &GenericDeviceLocator) {
    let (name, entity, oem) = (entry.label(), device.entity, device.oem);
    // Reserved bits are shown as they came, and the span is taken from where it is not.
    let [access, slave, place, span, ..] = *entry.body.as_slice() else { return };
    let text = if sdr.verbose {
        let kind = device.device_type;
        format!(
            "{}\
             Device Access Address  : {access:02X}h\n\
             Device Slave Address   : {slave:02X}h\n\
             Address Span           : {:02X}h\n\
             Channel Number         : {:X}h\n\
             LUN.Bus                : {:X}h.{:X}h\n\
             Device Type.Modifier   : {:X}h.{:X}h ({})\n\
             OEM                    : {oem:02X}h\n\n",
            head(entry, entity),
            span >> 5,
            place >> 5,
            device.lun,
            device.bus,
            kind.code,
            kind.modifier,
            names::device(kind.code, kind.modifier),
        )
    } else if sdr.csv {
        format!("{name},00h,ns,{entity}\n")
    } else if sdr.extended {
        format!(
            "{name:<16} | 00h | ns  | {} | Generic Device @{access:02X}h:{slave:02X}h.{oem}\n",
            entity_column(entity)
        )
    } else {
        format!("{name:<16} | Generic @{access:02X}:{slave:02X}.{oem:<2} | ok\n")
    };
    sdr.put(&text);
}

pub(super) fn fru(sdr: &Sdr<'_>, entry: &Entry, fru: &FruDeviceLocator) {
    let (name, entity, logical) = (entry.label(), fru.entity, fru.logical);
    let [access, device, ..] = *entry.body.as_slice() else { return };
    let text = if sdr.verbose {
        let kind = fru.device_type;
        let what = if logical { "Logical FRU Device     " } else { "Slave Address          " };
        format!(
            "{}\
             Device Access Address  : {access:02X}h\n\
             {what}: {device:02X}h\n\
             Channel Number         : {:X}h\n\
             LUN.Bus                : {:X}h.{:X}h\n\
             Device Type.Modifier   : {:X}h.{:X}h ({})\n\
             OEM                    : {:02X}h\n\n",
            head(entry, entity),
            fru.channel.number(),
            fru.lun,
            fru.bus,
            kind.code,
            kind.modifier,
            names::device(kind.code, kind.modifier),
            fru.oem,
        )
    } else if sdr.csv {
        format!("{name},00h,ns,{entity}\n")
    } else if sdr.extended {
        let what = if logical { "Logical" } else { "Physical" };
        format!("{name:<16} | 00h | ns  | {} | {what} FRU @{device:02X}h\n", entity_column(entity))
    } else {
        let what = if logical { "Log" } else { "Phy" };
        format!(
            "{name:<16} | {what} FRU @{device:02X}h {:02x}.{:x} | ok\n",
            entity.id, entity.instance
        )
    };
    sdr.put(&text);
}

pub(super) fn controller(sdr: &Sdr<'_>, entry: &Entry, controller: &McDeviceLocator) {
    let (name, entity, is_static) = (entry.label(), controller.entity, controller.is_static);
    let [address, ..] = *entry.body.as_slice() else { return };
    let presence = if is_static { "Static" } else { "Dynamic" };
    let text = if sdr.verbose {
        in_full(entry, controller, address, presence)
    } else if sdr.csv {
        format!("{name},00h,ok,{entity}\n")
    } else if sdr.extended {
        format!(
            "{name:<16} | 00h | ok  | {} | {presence} MC @ {address:02X}h\n",
            entity_column(entity)
        )
    } else {
        let blank = if is_static { " " } else { "" };
        format!("{name:<16} | {presence} MC @ {address:02X}h {blank} | ok\n")
    };
    sdr.put(&text);
}

fn in_full(entry: &Entry, controller: &McDeviceLocator, address: u8, presence: &str) -> String {
    const CAPABILITIES: [(&str, u8); 8] = [
        ("Chassis Device", 0x80),
        ("Bridge", 0x40),
        ("IPMB Event Generator", 0x20),
        ("IPMB Event Receiver", 0x10),
        ("FRU Inventory Device", 0x08),
        ("SEL Device", 0x04),
        ("SDR Repository", 0x02),
        ("Sensor Device", 0x01),
    ];
    let required = |is: bool| if is { "Required" } else { "Not Required" };
    let yes = |is: bool| if is { "Yes" } else { "No" };
    let events = match controller.event_messages {
        EventMessageSetup::Enable => "Enable",
        EventMessageSetup::Disable => "Disable",
        EventMessageSetup::Skip => "Do Not Init Controller",
        EventMessageSetup::Reserved => "Reserved",
    };
    let capabilities: String = CAPABILITIES
        .iter()
        .map(|(name, bit)| format!(" {name:<22}: {}\n", yes(controller.capabilities & bit != 0)))
        .collect();
    format!(
        "{}\
         Device Slave Address   : {address:02X}h\n\
         Channel Number         : {:X}h\n\
         ACPI System P/S Notif  : {}\n\
         ACPI Device P/S Notif  : {}\n\
         Controller Presence    : {presence}\n\
         Logs Init Agent Errors : {}\n\
         Event Message Gen      : {events}\n\
         Device Capabilities\n\
         {capabilities}\n",
        head(entry, controller.entity),
        controller.channel.number(),
        required(controller.acpi_system_power_notification),
        required(controller.acpi_device_power_notification),
        yes(controller.logs_initialization_errors),
    )
}

fn head(entry: &Entry, entity: EntityId) -> String {
    format!("Device ID              : {}\n{}", entry.whole_name(), entity_line(entity))
}

fn entity_line(entity: EntityId) -> String {
    format!("Entity ID              : {entity} ({})\n", names::entity(entity.id))
}
