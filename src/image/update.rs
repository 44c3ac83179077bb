//! `updateImage`; and finding the image that is to be changed.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::entity::image_records;
use super::upload::{CAPTION_LIMIT, alt_text, hash, words};
use super::variant::CENTER;
use super::{public, read};
use crate::account::policy::{self, Allowed, Owned, act};
use crate::db::WriteTransaction;
use crate::error::{Failure, Problems, UserError, UserErrorCode};
use crate::id::{ImageId, UserId};
use crate::library::{Articles, check_version};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::input;

/// What changes; what is `None` stays.
#[derive(Default)]
pub struct ImageEdit {
    /// What it shows.
    pub alt: Option<String>,
    /// Caption where a place gives none; or none.
    pub caption: Option<Option<String>>,
    /// Who made it; or nobody.
    pub credit: Option<Option<String>>,
    /// What must stay in sight, in ten-thousandths from the left and the top; or the center.
    pub focal_point: Option<Option<(i32, i32)>>,
}

/// A record that may be changed: its uploader's own as long as nothing public shows it, and no draft of somebody else's uses it.
pub(super) struct Editable {
    pub(super) record: image_records::Model,
    is_shared: bool,
}

impl Owned for Editable {
    fn owner(&self) -> UserId {
        if self.is_shared { UserId(Uuid::nil()) } else { self.record.uploader_id }
    }
}

/// Changes an image's texts and focal point, for readers too where it is public.
pub async fn update(
    op: &Operation,
    id: ImageId,
    version: i32,
    edit: ImageEdit,
    articles: &impl Articles,
) -> Result<image_records::Model, Failure> {
    policy::may_ever::<act::EditImage>(op)?;
    let ImageEdit { alt, caption, credit, focal_point } = edit;
    let mut problems = Problems::default();
    let mut optional = |path: &str, given: Option<Option<String>>| {
        given.map(|text| {
            let text = input::optional_line(&["input", path], text.as_deref(), CAPTION_LIMIT);
            problems.take(text).flatten()
        })
    };
    let (caption, credit) = (optional("caption", caption), optional("credit", credit));
    let focal_point = focal_point.map(|point| problems.take(checked(point)).unwrap_or(CENTER));
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = find(&transaction, op, id, version, articles).await?;
    let found = found.record.clone();
    let alt = alt.and_then(|alt| problems.take(alt_text(&alt, &found.file_name)));
    problems.check()?;
    let (focal_x, focal_y) = focal_point.unwrap_or((found.focal_x, found.focal_y));
    let mut changed = image_records::Model {
        alt: alt.unwrap_or_else(|| found.alt.clone()),
        caption: caption.unwrap_or_else(|| found.caption.clone()),
        credit: credit.unwrap_or_else(|| found.credit.clone()),
        focal_x,
        focal_y,
        ..found.clone()
    };
    if changed == found {
        return Ok(found);
    }
    changed.words = words(&changed);
    write(transaction, op, changed, Action::ImageUpdated).await
}

/// Writes a record as it became, and its public row if there is one.
pub(super) async fn write(
    transaction: WriteTransaction,
    op: &Operation,
    changed: image_records::Model,
    action: Action,
) -> Result<image_records::Model, Failure> {
    let changed = image_records::Model { version: changed.version + 1, updated_at: op.now(), ..changed };
    let row = image_records::ActiveModel {
        id: Unchanged(changed.id),
        ..changed.clone().into_active_model().reset_all()
    };
    let row = image_records::ActiveModel { version: Set(changed.version), ..row }
        .update(transaction.connection())
        .await?;
    public::follow(&transaction, &row).await?;
    let change = NewChange::new(action, SubjectType::Image, row.id).hash(hash(&row)?);
    save(transaction, op, change).await?;
    Ok(row)
}

fn checked(point: Option<(i32, i32)>) -> Result<(i32, i32), UserError> {
    let (x, y) = point.unwrap_or(CENTER);
    if (0..=10_000).contains(&x) && (0..=10_000).contains(&y) {
        return Ok((x, y));
    }
    let message = "Give two numbers from 0 to 10,000: how far from the left, and from the top.";
    Err(UserError::new(UserErrorCode::Invalid, &["input", "focalPoint"], message))
}

/// The image, where it still has this version and the viewer may change it. The public tables are locked.
pub(super) async fn find(
    transaction: &WriteTransaction,
    op: &Operation,
    id: ImageId,
    version: i32,
    articles: &impl Articles,
) -> Result<Allowed<act::EditImage, Editable>, Failure> {
    let record = read::records(transaction.connection(), vec![id]).await?.remove(&id);
    let record = record.ok_or_else(|| {
        Failure::refused(UserErrorCode::NotFound, &["input", "imageId"], "There is no such image.")
    })?;
    let is_shared = read::is_public(transaction.connection(), id).await?
        || articles.do_others_use_image(transaction, id, record.uploader_id).await?;
    let found = policy::allow::<act::EditImage, _>(op, Editable { record, is_shared })?;
    check_version("image", found.record.version, version)?;
    Ok(found)
}
