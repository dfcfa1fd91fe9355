//===- WeightsSegment.cpp - weights behind a linked library ---------------===//
// The new segment takes the slot of PT_PHDR, which shared objects do not need.
// The file becomes: code as linked, section names and headers, weights.
//===----------------------------------------------------------------------===//

#include "skim/Target/WeightsSegment.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <vector>

using namespace llvm;
using namespace llvm::ELF;
using namespace skim;

static constexpr uint64_t pageSize = 4096;
static constexpr uint64_t hugePageSize = 2 << 20;

namespace {
/// The linked library in memory, little endian as this host.
class Image {
public:
  explicit Image(ArrayRef<char> linked) : bytes(linked.begin(), linked.end()) {}

  /// Checks that the parts that are used lie within the file.
  Error check() const;
  Elf64_Ehdr &header() { return at<Elf64_Ehdr>(0)[0]; }
  MutableArrayRef<Elf64_Phdr> segments() {
    return {at<Elf64_Phdr>(header().e_phoff), header().e_phnum};
  }
  MutableArrayRef<Elf64_Shdr> sections() {
    return {at<Elf64_Shdr>(header().e_shoff), header().e_shnum};
  }
  /// Address of the exported object `name`, or 0.
  uint64_t addressOf(StringRef name);
  /// Bytes of the file that are mapped at `address`, or null.
  char *mapped(uint64_t address, uint64_t size);
  template <typename T> T *at(uint64_t offset) {
    return reinterpret_cast<T *>(bytes.data() + offset);
  }

  std::vector<char> bytes;
};
} // namespace

Error Image::check() const {
  Elf64_Ehdr header;
  if (bytes.size() < sizeof(header))
    return createStringError("linked library is too short");
  std::memcpy(&header, bytes.data(), sizeof(header));
  bool fits =
      header.checkMagic() && header.getFileClass() == ELFCLASS64 &&
      header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr) <= bytes.size() &&
      header.e_shoff + header.e_shnum * sizeof(Elf64_Shdr) <= bytes.size();
  if (!fits)
    return createStringError("linked library is no 64-bit ELF file");
  return Error::success();
}

uint64_t Image::addressOf(StringRef name) {
  for (Elf64_Shdr &section : sections()) {
    if (section.sh_type != SHT_DYNSYM)
      continue;
    const char *names = at<char>(sections()[section.sh_link].sh_offset);
    const auto *symbols = at<Elf64_Sym>(section.sh_offset);
    for (uint64_t i = 0, e = section.sh_size / sizeof(Elf64_Sym); i != e; ++i)
      if (name == names + symbols[i].st_name)
        return symbols[i].st_value;
  }
  return 0;
}

char *Image::mapped(uint64_t address, uint64_t size) {
  for (Elf64_Phdr &segment : segments())
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address + size <= segment.p_vaddr + segment.p_filesz)
      return at<char>(segment.p_offset + (address - segment.p_vaddr));
  return nullptr;
}

/// Puts a read-only segment of `size` bytes into the program headers in place
/// of PT_PHDR; loadable segments stay in order of their addresses. Gives its
/// address, which lies in a huge page of memory as `offset` does in the file's:
/// so they can be mapped as such, and a library grows by none of it.
static Expected<uint64_t> addSegment(Image &image, uint64_t offset,
                                     uint64_t size) {
  MutableArrayRef<Elf64_Phdr> segments = image.segments();
  Elf64_Phdr *free = find_if(
      segments, [](const Elf64_Phdr &s) { return s.p_type == PT_PHDR; });
  Elf64_Phdr *last = nullptr;
  uint64_t end = 0;
  for (Elf64_Phdr &segment : segments) {
    if (segment.p_type != PT_LOAD)
      continue;
    last = &segment;
    end = std::max<uint64_t>(end, segment.p_vaddr + segment.p_memsz);
  }
  if (free == segments.end() || !last || free > last)
    return createStringError("linked library has no room for a segment");
  // Everything between the free slot and the last loadable segment moves up.
  std::memmove(free, free + 1, (last - free) * sizeof(Elf64_Phdr));
  Elf64_Phdr &segment = *last;
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_R;
  segment.p_offset = offset;
  segment.p_vaddr = segment.p_paddr =
      alignTo(end, hugePageSize) + offset % hugePageSize;
  segment.p_filesz = segment.p_memsz = size;
  segment.p_align = hugePageSize;
  return segment.p_vaddr;
}

/// The section headers with one more for the weights, and the section names
/// with its name. They go to `namesOffset` and behind.
static std::string makeSectionTables(Image &image, uint64_t namesOffset,
                                     Elf64_Shdr weights) {
  Elf64_Ehdr &header = image.header();
  std::vector<Elf64_Shdr> sections(image.sections().begin(),
                                   image.sections().end());
  Elf64_Shdr &names = sections[header.e_shstrndx];
  std::string text(image.at<char>(names.sh_offset), names.sh_size);
  weights.sh_name = text.size();
  text += StringRef(".skim.weights\0", 14);
  names.sh_offset = namesOffset;
  names.sh_size = text.size();
  sections.push_back(weights);
  text.resize(alignTo(text.size(), 8));
  header.e_shoff = namesOffset + text.size();
  header.e_shnum = sections.size();
  text.append(reinterpret_cast<const char *>(sections.data()),
              sections.size() * sizeof(Elf64_Shdr));
  return text;
}

uint64_t skim::weightsSize(ArrayRef<WeightsEntry> entries) {
  // An empty segment could not be mapped.
  uint64_t size = 64;
  for (const WeightsEntry &entry : entries)
    size = std::max(size, entry.offset + entry.bytes);
  return size;
}

static Error writeEntries(ArrayRef<WeightsEntry> entries, uint64_t start,
                          OutputFile &file) {
  for (const WeightsEntry &entry : entries) {
    if (file.tell() > start + entry.offset)
      return createStringError("weights entry '" + entry.name +
                               "' overlaps the one before it");
    if (Error error = file.padTo(start + entry.offset))
      return error;
    Error error = entry.write([&](const void *data, uint64_t bytes) {
      return file.write(data, bytes);
    });
    if (error)
      return error;
    uint64_t written = file.tell() - start - entry.offset;
    if (written != entry.bytes)
      return createStringError("weights entry '" + entry.name + "': expected " +
                               Twine(entry.bytes) + " bytes, got " +
                               Twine(written));
  }
  return file.padTo(start + weightsSize(entries));
}

Error skim::writeWithWeights(ArrayRef<char> library, StringRef table,
                             uint64_t deltaOffset,
                             ArrayRef<WeightsEntry> entries, OutputFile &file) {
  Image image(library);
  if (Error error = image.check())
    return error;
  uint64_t size = weightsSize(entries);
  uint64_t namesOffset = alignTo(image.bytes.size(), 8);
  // Names grow by 14 bytes, headers by one: as long as the old and 4 KiB.
  uint64_t tables = image.header().e_shnum * sizeof(Elf64_Shdr) +
                    image.sections()[image.header().e_shstrndx].sh_size +
                    pageSize;
  uint64_t start = alignTo(namesOffset + tables, pageSize);
  Expected<uint64_t> address = addSegment(image, start, size);
  if (!address)
    return address.takeError();

  uint64_t tableAddress = image.addressOf(table);
  char *delta = image.mapped(tableAddress + deltaOffset, sizeof(int64_t));
  if (!tableAddress || !delta)
    return createStringError("linked library does not export '" + table + "'");
  int64_t difference = int64_t(*address - tableAddress);
  std::memcpy(delta, &difference, sizeof(difference));

  Elf64_Shdr section = {};
  section.sh_type = SHT_PROGBITS;
  section.sh_flags = SHF_ALLOC;
  section.sh_addr = *address;
  section.sh_offset = start;
  section.sh_size = size;
  section.sh_addralign = pageSize;
  std::string text = makeSectionTables(image, namesOffset, section);

  if (Error error = file.write(image.bytes.data(), image.bytes.size()))
    return error;
  if (Error error = file.padTo(namesOffset))
    return error;
  if (Error error = file.write(text))
    return error;
  if (Error error = file.padTo(start))
    return error;
  return writeEntries(entries, start, file);
}
