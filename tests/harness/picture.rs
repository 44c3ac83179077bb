//! Pictures for tests.

/// A JPEG of this size: a gradient, so that no two sizes have the same bytes.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let pixels = image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 128])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// A JPEG of this size that can't be packed: noise.
pub fn noise(width: u32, height: u32) -> Vec<u8> {
    let mut state = u64::from(width) << 32 | u64::from(height);
    let pixels = image::RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        image::Rgb([(state >> 40) as u8, (state >> 48) as u8, (state >> 56) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}
