//! What stands in a picture's place until it is there: a few bytes that show it blurred, and one color.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, RgbaImage};
use moxcms::ColorProfile;

use super::color;

/// Both as texts that a page can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// ThumbHash in base64. <https://evanw.github.io/thumbhash/>
    pub thumb_hash: String,
    /// As CSS writes it, `#rrggbb`.
    pub dominant_color: String,
}

/// Longest side that a ThumbHash is made of.
const LONGEST: u32 = 100;

/// The placeholder of a picture, with the profile that its colors are in.
pub(super) fn placeholder(picture: &DynamicImage, profile: Option<&[u8]>) -> Placeholder {
    let small = if picture.width().max(picture.height()) > LONGEST {
        picture.thumbnail(LONGEST, LONGEST)
    } else {
        picture.clone()
    };
    let small = match profile.and_then(|profile| ColorProfile::new_from_slice(profile).ok()) {
        Some(profile) => color::to_srgb(small, &profile),
        None => small,
    };
    let small = small.into_rgba8();
    let hash = thumbhash::rgba_to_thumb_hash(small.width() as usize, small.height() as usize, small.as_raw());
    Placeholder { thumb_hash: STANDARD.encode(hash), dominant_color: dominant_color(&small) }
}

/// The mean of the commonest colors: of 512 boxes of alike ones, the fullest.
fn dominant_color(picture: &RgbaImage) -> String {
    let mut boxes = vec![[0_u64; 4]; 512];
    for image::Rgba([red, green, blue, opacity]) in picture.pixels() {
        let place = |light: &u8| usize::from(light >> 5);
        let [reds, greens, blues, weight] = &mut boxes[place(red) << 6 | place(green) << 3 | place(blue)];
        let opacity = u64::from(*opacity);
        *reds += u64::from(*red) * opacity;
        *greens += u64::from(*green) * opacity;
        *blues += u64::from(*blue) * opacity;
        *weight += opacity;
    }
    let [red, green, blue, weight] = boxes.into_iter().max_by_key(|[.., weight]| *weight).unwrap_or_default();
    // Nothing is seen of a picture that is wholly transparent: white.
    let mean = |sum: u64| (sum + weight / 2).checked_div(weight).unwrap_or(255);
    format!("#{:02x}{:02x}{:02x}", mean(red), mean(green), mean(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_of_the_picture() {
        let sea = image::RgbImage::from_fn(400, 200, |_, y| {
            if y < 60 { image::Rgb([240, 240, 250]) } else { image::Rgb([20, 60, 120]) }
        });
        let made = placeholder(&sea.into(), None);
        assert_eq!(made.dominant_color, "#143c78");
        let bytes = STANDARD.decode(&made.thumb_hash).unwrap();
        let (width, height, shown) = thumbhash::thumb_hash_to_rgba(&bytes).unwrap();
        assert!(bytes.len() < 40 && width > height, "{width} by {height}");
        let (above, below) = (shown[1], shown[shown.len() - 3]);
        assert!(above > 180 && below < 120, "light above, dark below: {above}, {below}");
        assert_eq!(
            placeholder(&sea_of_p3(), Some(&ColorProfile::new_display_p3().encode().unwrap())).dominant_color,
            "#da001a"
        );
    }

    fn sea_of_p3() -> DynamicImage {
        image::RgbImage::from_pixel(4, 4, image::Rgb([200, 40, 40])).into()
    }

    #[test]
    fn what_is_transparent_weighs_nothing() {
        let mostly = RgbaImage::from_fn(10, 10, |x, _| {
            if x == 0 { image::Rgba([200, 0, 0, 255]) } else { image::Rgba([0, 0, 0, 0]) }
        });
        assert_eq!(placeholder(&mostly.into(), None).dominant_color, "#c80000");
        assert_eq!(placeholder(&RgbaImage::new(1, 1).into(), None).dominant_color, "#ffffff");
    }
}
