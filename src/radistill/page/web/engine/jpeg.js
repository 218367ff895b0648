// JPEG: headers are read here, pixels by libjpeg-turbo, the decoder that Pillow uses as well.

import { decodeWith, LoadError } from "./codecs.js";
import { drawn } from "./browser.js";
import { orientation, orientationOfXmp, upright } from "./exif.js";
import { greyOf } from "./luma.js";
import { readHeader as readStream } from "./dicom/codestream.js";
import { damaged, truncated, unread } from "./refusal.js";

const NO_FRAME = [0xc4, 0xc8, 0xcc]; // tables, reserved, arithmetic conditioning
const UNREAD = ["lossless JPEG", "JPEG-LS", "hierarchical JPEG"];
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";

const isBare = (marker) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const isFrame = (marker) => 
  marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.includes(marker));

export async function readJpeg(bytes, limits) {
  const header = readHeader(bytes);
  limits.checkPixels(header.width, header.height);
  if (!hasEnd(bytes, header.scan)) throw truncated("JPEG");
  const { coding, bits } = readStream(bytes) ?? { coding: "JPEG", bits: 8 };
  if (UNREAD.includes(coding)) throw unread(coding);
  if (bits !== 8) throw unread(`JPEG of ${bits} bits`);
  const film = await pixels(bytes, header, limits);
  return { ...film, source: "jpeg" };
}

async function pixels(bytes, { components, turn }, limits) {
  if (components === 1 || components === 3) {
    try {
      const { data, width, height, components: got } = await decodeWith("jpeg", bytes);
      const grey = got === 1 ? data : greyOf(data, 3);
      return upright({ grey, width, height }, turn);
    } catch (error) {
      if (error instanceof LoadError) throw error;
      // It stops at the least damage, where browsers and Pillow show what there is.
    }
  }
  return drawn(bytes, "image/jpeg", limits); // turns it upright
}

/** Size, components, orientation, and where the first scan begins. */
function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = { width: 0, height: 0, components: 0, turn: 1, scan: 0 };
  let at = 2;
  for (;;) {
    if (at + 4 > bytes.length) throw damaged("JPEG", "starts like JPEG but is damaged");
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0 || isBare(marker)) {
      at += bytes[at] === 0xff && isBare(marker) ? 2 : 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    const body = at + 4;
    if (at + 2 + length > bytes.length) throw truncated("JPEG");
    if (marker === 0xda) {
      header.scan = at + 2 + length;
      break;
    }
    if (isFrame(marker)) {
      header.height = view.getUint16(body + 1);
      header.width = view.getUint16(body + 3);
      header.components = bytes[body + 5];
    } else if (marker === 0xe1) {
      const segment = bytes.subarray(body, at + 2 + length);
      const named = (name) => name === String.fromCharCode(...segment.subarray(0, name.length));
      if (named(EXIF)) header.turn = orientation(segment);
      else if (named(XMP) && header.turn === 1) header.turn = orientationOfXmp(segment);
    }
    at += 2 + length;
  }
  if (!header.width || !header.height) throw damaged("JPEG", "no width or height");
  return header;
}

/** Whether the end-of-image marker comes behind the scans. */
function hasEnd(bytes, from) {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xd9) return true;
  }
  return false;
}
