//! The way to the machine's own BMC.

use ipmi_client::local::{Module, Node, Smbios, Survey, TroubleKind};
use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::enterprise;
use ipmi_wire::smbios::IpmiDeviceInformation;
use schemars::JsonSchema;
use serde::Serialize;

use super::View;
use super::schema::Source;
use super::table::Fields;
use crate::codes::Code;
use crate::commands::local::came;
use crate::error::{Error, Exit};
use crate::local::LocalBmc;

/// Whether a BMC answers.
pub(crate) enum Answer {
    /// At this node, it is this one.
    Is(String, DeviceId),
    Not(Error),
}

/// What there is of a way to the BMC.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Status {
    /// Whether a BMC answers.
    answers: bool,
    bmc: Option<Controller>,
    /// What keeps it from being reached.
    trouble: Option<Trouble>,
    modules: Vec<ModuleView>,
    /// Whether SMBIOS has an entry of type 38; `hidden` is one that only root may read.
    #[schemars(extend("enum" = ["absent", "hidden", "found"]))]
    smbios: &'static str,
    smbios_entries: Vec<SmbiosView>,
    /// ACPI's devices IPI0001.
    acpi: Vec<String>,
    interfaces: Vec<InterfaceView>,
    nodes: Vec<NodeView>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Controller {
    node: String,
    manufacturer_id: u32,
    manufacturer: Option<&'static str>,
    product_id: u16,
    firmware: String,
    ipmi_version: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Trouble {
    /// As `lantern explain` takes it.
    code: Code,
    message: String,
    cause: Option<String>,
    next: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ModuleView {
    name: &'static str,
    #[schemars(extend("enum" = ["loaded", "built_in", "not_loaded", "missing"]))]
    state: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SmbiosView {
    interface: String,
    ipmi_version: String,
    address: String,
    register_spacing_bytes: Option<u8>,
    irq: Option<u8>,
    slave_address: u8,
}

#[derive(Debug, Serialize, JsonSchema)]
struct InterfaceView {
    driver: &'static str,
    device: String,
    kind: Option<String>,
    /// The driver's own line.
    parameters: Option<String>,
    /// Without, the kernel polls, which is slower.
    interrupts: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NodeView {
    path: String,
    is_device: bool,
    permissions: String,
    owner: String,
    group: String,
}

impl Status {
    pub(crate) fn new(
        survey: &Survey,
        answer: Option<Answer>,
        absent: Option<&TroubleKind>,
        bmc: &LocalBmc,
    ) -> Self {
        let (controller, error) = match answer {
            Some(Answer::Is(node, id)) => (Some(Controller::new(node, &id)), None),
            Some(Answer::Not(error)) => (None, Some(error)),
            None => (None, None),
        };
        let trouble = match (error, absent) {
            (Some(Error::Told(report)), _) => Some(Trouble {
                code: report.code,
                message: report.message,
                cause: report.cause,
                next: report.next,
            }),
            (_, Some(kind)) => Some(Trouble::of(kind, bmc)),
            _ => None,
        };
        let entries: &[IpmiDeviceInformation] = match &survey.smbios {
            Smbios::Found(entries) => entries,
            _ => &[],
        };
        Self {
            answers: controller.is_some(),
            bmc: controller,
            trouble,
            modules: survey.modules.iter().map(ModuleView::new).collect(),
            smbios: match survey.smbios {
                Smbios::Nothing => "absent",
                Smbios::Hidden => "hidden",
                Smbios::Found(_) => "found",
            },
            smbios_entries: entries.iter().map(SmbiosView::new).collect(),
            acpi: survey.acpi.clone(),
            interfaces: interfaces(survey),
            nodes: survey.nodes.iter().map(NodeView::new).collect(),
        }
    }
}

impl Trouble {
    fn of(kind: &TroubleKind, bmc: &LocalBmc) -> Self {
        let node = bmc.nodes.first().cloned().unwrap_or_default();
        let advice = kind.advice(&node);
        Self {
            code: kind.cause().into(),
            message: format!("there is no {}", node.display()),
            cause: Some(advice.cause),
            next: Some(advice.next),
        }
    }

    fn lines(&self) -> impl Iterator<Item = (&'static str, String)> {
        let more = [("Likely cause", self.cause.clone()), ("Next step", self.next.clone())];
        let more = more.into_iter().filter_map(|(name, text)| Some((name, text?)));
        std::iter::once(("Trouble", format!("{} ({})", self.message, self.code))).chain(more)
    }
}

fn version(bcd: u8) -> String {
    format!("{}.{}", bcd >> 4, bcd & 0x0f)
}

impl Controller {
    fn new(node: String, id: &DeviceId) -> Self {
        Self {
            node,
            manufacturer_id: id.manufacturer_id,
            manufacturer: enterprise::name(id.manufacturer_id),
            product_id: id.product_id,
            firmware: format!("{}.{:02x}", id.firmware_major, id.firmware_minor),
            ipmi_version: {
                let (major, minor) = id.ipmi_version();
                format!("{major}.{minor}")
            },
        }
    }

    fn words(&self) -> String {
        let maker = match self.manufacturer {
            Some(name) => format!("{name} ({})", self.manufacturer_id),
            None => format!("manufacturer {}", self.manufacturer_id),
        };
        format!(
            "answers at {}: {maker}, product {:04X}h, firmware {}, IPMI {}",
            self.node, self.product_id, self.firmware, self.ipmi_version
        )
    }
}

impl ModuleView {
    fn new(module: &Module) -> Self {
        Self { name: module.name, state: module.state.name() }
    }
}

impl SmbiosView {
    fn new(entry: &IpmiDeviceInformation) -> Self {
        Self {
            interface: entry.interface.to_string(),
            ipmi_version: version(entry.version),
            address: entry.address().to_string(),
            register_spacing_bytes: entry.register_spacing(),
            irq: entry.irq(),
            slave_address: entry.slave_address,
        }
    }

    fn words(&self) -> String {
        let irq = self.irq.map_or_else(|| "no interrupt".to_owned(), |irq| format!("irq {irq}"));
        format!(
            "type 38: {}, {}, {irq}, IPMI {}, slave address {:02X}h",
            self.interface, self.address, self.ipmi_version, self.slave_address
        )
    }
}

impl InterfaceView {
    fn words(&self) -> String {
        let what = match (&self.parameters, &self.kind) {
            (Some(line), _) => line.clone(),
            (None, Some(kind)) => kind.clone(),
            (None, None) => String::new(),
        };
        let polled = match self.interrupts {
            Some(false) => ", polled",
            _ => "",
        };
        format!("{} {}: {what}{polled}", self.driver, self.device)
    }
}

impl NodeView {
    fn new(node: &Node) -> Self {
        Self {
            path: node.path.display().to_string(),
            is_device: node.is_device,
            permissions: node.permissions(),
            owner: node.owner(),
            group: node.group(),
        }
    }

    fn words(&self) -> String {
        format!("{} {} {} {}", self.path, self.permissions, self.owner, self.group)
    }
}

fn interfaces(survey: &Survey) -> Vec<InterfaceView> {
    let all = survey.interfaces.iter().cloned();
    all.map(|interface| InterfaceView {
        driver: interface.driver,
        device: interface.device,
        kind: interface.kind,
        parameters: interface.parameters,
        interrupts: interface.interrupts,
    })
    .collect()
}

/// Several of a kind below each other; a word if there is none.
fn several(
    name: &'static str,
    lines: impl Iterator<Item = String>,
    none: &str,
) -> Vec<(&'static str, String)> {
    let mut rows: Vec<_> = lines.map(|line| ("", line)).collect();
    match rows.first_mut() {
        Some(first) => first.0 = name,
        None => rows.push((name, none.to_owned())),
    }
    rows
}

impl View for Status {
    const SCHEMA: &'static str = "lantern.local_status/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let bmc = match &self.bmc {
            Some(bmc) => bmc.words(),
            None => "none answers".to_owned(),
        };
        let state = |state: &'static str| state.replace('_', " ");
        let modules = self.modules.iter().map(|m| format!("{}: {}", m.name, state(m.state)));
        let smbios = self.smbios_entries.iter().map(SmbiosView::words);
        let no_smbios = match self.smbios {
            "hidden" => "type 38: there is one; only root may read it",
            _ => "no entry of type 38",
        };
        let mut rows = vec![("BMC", bmc)];
        rows.extend(self.trouble.iter().flat_map(Trouble::lines));
        rows.extend(several("Modules", modules, "none"));
        rows.extend(several("SMBIOS", smbios, no_smbios));
        rows.extend(several("ACPI", self.acpi.iter().cloned(), "no device IPI0001"));
        rows.extend(several(
            "Interfaces",
            self.interfaces.iter().map(InterfaceView::words),
            "none",
        ));
        rows.extend(several("Nodes", self.nodes.iter().map(NodeView::words), "none"));
        fields(width, &rows)
    }

    fn exit(&self) -> Option<Exit> {
        (!self.answers).then_some(Exit::Failed)
    }
}

/// A module that was to be loaded.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Loaded {
    pub(crate) name: &'static str,
    /// What modprobe said, if it was not.
    pub(crate) error: Option<String>,
}

/// What loading the modules has come to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Load {
    /// Modules that were there before.
    present: Vec<&'static str>,
    /// Modules that modprobe was told to load.
    asked: Vec<Loaded>,
    /// Modules that are there now and were not before.
    loaded: Vec<&'static str>,
    nodes: Vec<NodeView>,
    interfaces: Vec<InterfaceView>,
    /// Whether the device node is there now.
    ready: bool,
    trouble: Option<Trouble>,
}

impl Load {
    pub(crate) fn new(before: &Survey, after: &Survey, asked: Vec<Loaded>, bmc: &LocalBmc) -> Self {
        let names = |survey: &Survey| -> Vec<&'static str> {
            let there = survey.modules.iter().filter(|module| module.state.is_there());
            there.map(|module| module.name).collect()
        };
        let trouble = after.absence(&bmc.nodes);
        Self {
            present: names(before),
            asked,
            loaded: names(after).into_iter().filter(|name| came(before, after, name)).collect(),
            nodes: after.nodes.iter().map(NodeView::new).collect(),
            interfaces: interfaces(after),
            ready: trouble.is_none(),
            trouble: trouble.map(|kind| Trouble::of(&kind, bmc)),
        }
    }
}

impl View for Load {
    const SCHEMA: &'static str = "lantern.local_load/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let or_none = |names: &[&str]| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let mut rows = vec![("Loaded", or_none(&self.loaded))];
        if !self.present.is_empty() {
            rows.push(("There before", self.present.join(", ")));
        }
        for Loaded { name, error } in &self.asked {
            rows.extend(error.as_ref().map(|error| ("Failed", format!("{name}: {error}"))));
        }
        rows.extend(several(
            "Interfaces",
            self.interfaces.iter().map(InterfaceView::words),
            "none",
        ));
        rows.extend(several("Nodes", self.nodes.iter().map(NodeView::words), "none"));
        rows.extend(self.trouble.iter().flat_map(Trouble::lines));
        fields(width, &rows)
    }

    fn exit(&self) -> Option<Exit> {
        (!self.ready).then_some(Exit::Failed)
    }
}

fn fields(width: Option<u16>, rows: &[(&str, String)]) -> String {
    let mut fields = Fields::default();
    rows.iter().for_each(|(name, value)| fields.row(name, value.clone()));
    fields.flush(width)
}
