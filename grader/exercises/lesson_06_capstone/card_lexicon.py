"""The words of a model card's texts, gathered by what they mean: data, without a rule."""

from grader.exercises.lesson_06_capstone.card_language import listed

# A tag stands for all of its words; a text in which the words are replaced by tags is called canonical.
TAGS = {
    "NOT": "not no never none nobody nothing neither nor without cannot hardly nowhere nicht kein keine "
    "lack lacks lacking lacked absence absent impossible unlikely unable",
    "PHOTO": "photo photos photograph photographs photography photographies image images picture pictures pic pics "
    "img imgs shot shots snapshot snapshots foto fotos bild bilder",
    "EL": "electroluminescence electroluminescent luminescence el",
    "CELL": "cell cells solarzelle solarzellen zelle zellen",
    "MODULE": "module modules modul moduls panel panels",
    "SOLAR": "solar photovoltaic photovoltaics pv",
    "EXPERT": "expert experts specialist specialists professional professionals",
    "DEFECT": "defect defects defective defectives faulty fault faults broken damage damaged damages crack cracks cracked "
    "flaw flaws flawed defekt defekte unhealthy microcrack microcracks",
    "CAMERA": "camera cameras cam cams kamera kameras",
    "TRAIN": "train trains trained training trainings trainig learn learns learned learnt learning fit fitted fitting "
    "fits trainingsdaten",
    "CHOOSE": "choose chooses choosing chose chosen choice choices select selects selected selecting selection pick picks "
    "picked picking tune tunes tuned tuning optimise optimised optimize optimized optimising optimizing",
    "LABEL": "label labels labelling labeling annotation annotations",
    "LABELLED": "labelled labeled annotate annotated annotates annotating",
}
TAG_OF = {word: tag for tag, words in TAGS.items() for word in words.split()}

# Well-spelt words that a slip of the pen is compared with, beside those above.
KNOWN = frozenset(
    listed(
        "accuracy probably likely commercial commercially noncommercial because licence license photographs dataset "
        "probability stratified random randomly held different camera accurate people network inspector inspect "
        "inspection inspectors defective engineer engineers technician technicians doubtful certain uncertain monocrystalline "
        "polycrystalline crystalline overlooks overlooked misses missed recognise recognize detect detected optimistic "
        "overestimate overestimated separate separated excluded forbidden prohibited allowed permitted purposes business "
        "company companies model models test tests tested testing untested untried unseen unknown factory factories "
        "photographed photographing photographer photographers manufacturer manufacturers accuracies quarter quarters number numbers measured measure"
    )
)

# Topics of which no true text of this inspector speaks: a text that names one is about something else.
OTHER_SUBJECTS = {
    "animals": "cat cats dog dogs pet pets horse horses cow cows bird birds fish fox insect insects animal animals vet "
    "vets mouse mice elephant monkey chicken sheep bee bees",
    "medicine": "doctor doctors nurse nurses patient patients hospital hospitals lung lungs cancer tumour tumours tumor "
    "blood bone bones disease diseases medicine medical x-ray x-rays xray xrays skin tooth teeth pharmacy",
    "food": "pizza banana bananas chocolate bread cake apple apples pear pears cheese coffee beer wine soup salad egg eggs",
    "sport and play": "football soccer tennis chess goalkeeper olympic",
    "arts and letters": "novel novels poem poems poetry song songs music movie movies shakespeare opera painting "
    "paintings",
    "languages": "translate translates translation french english danish german spanish italian latin grammar",
    "traffic": "traffic bicycle bicycles bus buses motorway highway car cars lorry airplane airplanes",
    "letters and digits": "mnist cifar imagenet coco handwritten handwriting digits",
    "plants": "flower flowers tree trees garden gardens gardener gardeners vegetable vegetables fruit fruits "
    "botanist botanists",
    "other cells": "battery batteries biological nerve prison fuel bacteria tissue",
    "things": "banknote coin coins counterfeit",
    "computers": "password passwords hacker hackers internet-of-things bitcoin loan loans insurance "
    "complaint complaints chatbot email emails spam",
    "sky and weather": "moon mars planet planets astronaut galaxy stars horoscope",
    "physics": "atom atoms shockley shockley-queisser queisser neutron gravity",
    "clothes": "shoe shoes shirt shirts trousers",
}
SUBJECT_OF = {word: topic for topic, words in OTHER_SUBJECTS.items() for word in words.split()}
# Topics that a text about cells may take a comparison from: "a nurse for solar cells", "its patients".
COMPARISONS = frozenset(
    ["animals", "medicine", "food", "sport and play", "arts and letters", "plants", "things"]
)
